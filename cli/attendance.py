"""Is anybody there who starts runs? Asked of the Prefect server and, where it is our own, of this
machine's processes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from cli.prefect_api import PrefectApi
from cli.processes import Background
from tidegate.errors import EngineError, InputError
from tidegate.policy.attendance import Attendance, absences
from tidegate.settings import Settings


def absent(settings: Settings, api: PrefectApi) -> list[str]:
    """One sentence for each thing that keeps runs from being started."""
    try:
        seen = api.attendance()
    except EngineError:
        return _told(None)
    except (
        InputError
    ) as error:  # it answers, and tells us nothing: another secret, or a pool that nobody made
        return [str(error)]
    own = api.url == settings.api_url and Background("worker", settings.home / "run").has_died()
    return _told(replace(seen, has_died=own))


def _told(seen: Attendance | None) -> list[str]:
    return absences(seen, datetime.now(UTC), language="en", time_zone="UTC")
