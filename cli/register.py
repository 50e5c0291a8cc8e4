"""`python -m cli.register`: what compose.yaml does once at each start, when Prefect's server
answers.

The ledger's tables, edge, blocks, work pool, deployments, automations: `tidegate run` does the same
on one machine, and starts the processes besides.
"""

from __future__ import annotations

import argparse
import os

from rich.console import Console

from cli.control_plane import ControlPlane, with_prefect
from cli.run import bring_ledger_up, make_home_private
from tidegate.errors import InputError
from tidegate.secrecy.kept import private_folder, private_umask
from tidegate.settings import Settings

SECRET = "PREFECT_API_AUTH_STRING"


def register(settings: Settings, console: Console, *, saved: bool) -> None:
    plane = ControlPlane(settings)
    with private_umask():
        keep_secret(settings, os.environ.get(SECRET, ""))
        settings.make_secrets()
        make_home_private(settings)
        bring_ledger_up(plane, console, saved=saved)
        with_prefect(plane.environment())
        _tell_prefect(plane)


def keep_secret(settings: Settings, secret: str) -> None:
    """Every command on this home uses the file, so it holds what the server was started with.

    Raises InputError where it holds another one.
    """
    file = settings.api_auth_file
    if secret and not file.exists():
        private_folder(file.parent)
        file.touch(mode=0o600)
        file.write_text(secret)
    if secret and settings.api_auth().get_secret_value() != secret:
        raise InputError(
            "registering Tidegate",
            f"{file} holds another secret than the server was started with",
            f"Put that line into `.env` as TIDEGATE_AUTH_STRING, or remove {file}",
        )


def _tell_prefect(plane: ControlPlane) -> None:
    # Prefect reads its settings when it is imported
    from cli.automations import recover_soon, register_automations
    from cli.edge import register_blocks, start_edge
    from control.work_pool import make_work_pool

    register_blocks(plane.settings, start_edge(plane.settings))
    make_work_pool(plane.api_url, plane.secret)
    plane.register_deployments()
    register_automations(plane.settings.lock_ttl_seconds)
    recover_soon(plane.settings.lock_ttl_seconds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m cli.register")
    parser.add_argument(
        "--saved",
        action="store_true",
        help="The ledger lies on a server, and you have saved it there.",
    )
    register(Settings(), Console(), saved=parser.parse_args().saved)


if __name__ == "__main__":
    main()
