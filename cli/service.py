"""`tidegate service`: the systemd unit with which Tidegate is there again after a reboot."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

from dotenv import dotenv_values
from rich.console import Console

from cli.shown import data
from tidegate.errors import InputError
from tidegate.settings import Settings
from tidegate.stack.folder import find_folder

NAME = "tidegate.service"
RUNNING = Path("/run/systemd/system")
FOR_ALL, FOR_USER = Path("/etc/systemd/system"), Path("systemd/user")
ENVIRONMENT = "service.env"
DOING = "installing the service"
UNIT = """\
# Written by `tidegate service install`.
[Unit]
Description=Tidegate of {described}
Wants=network-online.target
After=network-online.target docker.service
StartLimitIntervalSec=0

[Service]
Type=exec
{user}WorkingDirectory={folder}
EnvironmentFile=-{environment}
ExecStart={program} run --foreground
# Only the first process is told to end, and it stops the others one by one. When one of them ends
# by itself, the runs and the others go on while that one is started again.
KillMode=process
TimeoutStopSec=120
Restart=on-failure
RestartSec=5

[Install]
WantedBy={wanted_by}
"""


def unit_text(settings: Settings) -> str:
    """For root a unit of the system, which works as the folder's owner; else one of this user's
    own."""
    folder = _folder()
    paths = (folder, settings.home, program())
    if broken := [path for path in paths if not str(path).isprintable()]:
        raise InputError(
            DOING, f"{str(broken[0])!a} cannot stand in a unit", "Give it a plain name"
        )
    return UNIT.format(
        described=_plain(folder),
        folder=_plain(folder),
        program=_quoted(program()),
        environment=_plain(settings.home / ENVIRONMENT),
        user=f"User={pwd.getpwuid(folder.stat().st_uid).pw_name}\n" if _is_root() else "",
        wanted_by="multi-user.target" if _is_root() else "default.target",
    )


def unit_file() -> Path:
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return (FOR_ALL if _is_root() else own / FOR_USER) / NAME


def install(settings: Settings, console: Console, running: Path = RUNNING) -> None:
    """Write the unit, and have systemd start it now and at each boot. Raises InputError, and has
    changed nothing then."""
    text, file = unit_text(settings), unit_file()
    _refuse_without_systemd(running)
    _refuse_settings_of_this_shell(settings)
    write(text, file)
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", NAME)
    console.print(
        data(
            f"{file} starts Tidegate at each boot. `{' '.join(_command('status', NAME))}` shows it."
        ),
        soft_wrap=True,
    )
    if not _is_root():
        console.print(
            "Once, so that it runs while you are not signed in: `loginctl enable-linger`."
        )


def write(text: str, file: Path) -> None:
    """The same unit again changes nothing. Raises InputError where another one has its name."""
    try:
        if file.exists() and file.read_text(encoding="utf-8") != text:
            raise InputError(
                DOING,
                f"{file} is there and says something else",
                "Compare it with `tidegate service show`; then take it away: "
                f"`{' '.join(_command('disable', NAME))}`, and remove the file",
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o644)
    except OSError as error:
        raise InputError(
            DOING, f"{file}: {error.strerror}", "Run it as a user who may write there"
        ) from None


def program() -> Path:
    return Path(sys.executable).with_name("tidegate")


def _folder() -> Path:
    if folder := find_folder():
        return folder
    raise InputError(
        DOING,
        "the current folder is no team's, and the service works in one",
        "Go to the folder with `tidegate.toml`, or make one: `tidegate init FOLDER`",
    )


def _refuse_without_systemd(running: Path) -> None:
    if not running.is_dir():
        raise InputError(
            DOING,
            "systemd does not run this machine",
            "Let your own service manager call `tidegate run --foreground` in the team's folder; "
            "`tidegate service show` prints how systemd would",
        )


def _refuse_settings_of_this_shell(settings: Settings) -> None:
    """The service would start with others, at the next boot, when nobody looks."""
    kept = {*dotenv_values(settings.home / ENVIRONMENT)}
    alone = [
        name
        for field in Settings.model_fields
        if (name := f"TIDEGATE_{field.upper()}") in os.environ and name not in kept
    ]
    if alone:
        raise InputError(
            DOING,
            f"{', '.join(alone)} is set in this shell alone",
            "Put it into tidegate.toml, or as a line NAME=VALUE into "
            f"{settings.home / ENVIRONMENT} (mode 0600)",
        )


def _systemctl(*words: str) -> None:
    command = _command(*words)
    ended = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if ended.returncode != 0:
        raise InputError(
            f"running `{' '.join(command)}`",
            ended.stderr.strip() or f"exit code {ended.returncode}",
            "The unit is written; correct what it names, then run it again; "
            f"`journalctl -u {NAME}` says more",
        )


def _command(*words: str) -> list[str]:
    return ["systemctl", *([] if _is_root() else ["--user"]), *words]


def _is_root() -> bool:
    return os.geteuid() == 0


def _plain(path: Path) -> str:
    """As the rest of a line: only `%` means something there."""
    return str(path).replace("%", "%%")


def _quoted(path: Path) -> str:
    """As the first word of a command line: systemd.service(5), "Command lines"."""
    escaped = _plain(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
