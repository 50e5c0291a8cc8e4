"""`make field`: every application of `examples/field`, or those that are named; prints the rows
and writes them down."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from tests.field.apps import APPS, App, app_named, real_images
from tests.field.beginning import NotBegunError, begin
from tests.field.rows import Row, line_of, write_row
from tests.field.running import running_by_hand
from tests.field.stand_ins import images
from tests.field.team import Team
from tests.field.trying import try_out
from tests.field.vendors import published, registry
from tests.installation import installation, remove_images, remove_stack
from tidegate.settings import Settings


def main(names: Sequence[str]) -> None:
    console = Console(width=200)
    apps = [app_named(name) for name in names] or list(APPS)
    wanted = {key for app in apps for key in real_images(app)}
    with (
        tempfile.TemporaryDirectory(prefix="tidegate-field-") as folder,
        registry(Path(folder) / "registry") as address,
        published(address, wanted) as of_others,
    ):
        for app in apps:
            row = Row(app.name, app.kind)
            try:
                try_in_a_house_of_its_own(app, {**images(wanted), **of_others}, row)
            except (
                Exception
            ) as error:  # of the house, not of the application: its row says what was seen
                console.print(f"{app.name}: {error!r}", markup=False)
            write_row(row, [app.name for app in APPS])
            console.print(line_of(row.cells()), markup=False, soft_wrap=True)


def try_in_a_house_of_its_own(app: App, images: Mapping[str, str], row: Row) -> None:
    """A control plane for each: what one application leaves is no help to the next."""
    with tempfile.TemporaryDirectory(prefix="tidegate-field-") as folder:
        made = list[Team]()

        def add_stack(settings: Settings) -> None:
            team = Team(app, settings.stacks / Team.stack_of(app), Path(folder) / app.name)
            remove_stack(team.stack)  # of a killed session
            begin(team, images, row)
            made.append(team)

        try:
            with ExitStack() as house:
                tidegate = house.enter_context(installation(Path(folder), add_stack))
                if app.own_port:
                    house.enter_context(running_by_hand(made[0]))
                try_out(tidegate, made[0], row)
            remove_images(made[0].stack)
        except NotBegunError as refused:
            row.unsaid.append(str(refused))


if __name__ == "__main__":
    main(sys.argv[1:])
