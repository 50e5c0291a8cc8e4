"""The home holds every secret of an installation: no other user lists it, reads in it, or sees the
secret pass by."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.prefect_profile import write_profile
from cli.processes import Background
from cli.run import make_home_private, point_prefect_here
from setup.places import ROOT
from tests.attacks.api_fixtures import NOBODY
from tests.installation import Installation
from tidegate.errors import InputError
from tidegate.settings import Settings

TRY = """
import json, os, sys
os.setgroups([]), os.setgid({user}), os.setuid({user})
got = []
for path in json.load(sys.stdin):
    for look in (os.listdir, os.stat, lambda path: open(path).read(), lambda path: open(path, "a"), os.readlink):
        try:
            got.append([path, str(look(path))])
        except OSError:
            pass
print(json.dumps(got))
"""


@pytest.fixture
def old_home() -> Iterator[Path]:
    """As an earlier version left it, in a folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp(prefix="tidegate-home-"))
    folder.chmod(0o755)
    home = folder / "home"
    for name in (
        "ledger.db",
        "ledger.db-wal",
        "images.env",
        "prefect/prefect.db",
        "prefect/profiles.toml",
        "run/server.log",
        "run/server.pid",
        "logs/setup.log",
        "edge/shop_prod.yml",
        "sources/shop.git/config",
        "backups/1/main.sql",
    ):
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("secret")
        file.chmod(0o644)
    for path in (home, *home.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    yield home
    shutil.rmtree(folder)


def what_nobody_gets(paths: list[Path]) -> list[list[str]]:
    ended = subprocess.run(
        [sys.executable, "-c", TRY.format(user=NOBODY)],
        input=json.dumps([*map(str, paths)]),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: list[list[str]] = json.loads(ended.stdout)
    return found


def test_another_user_reaches_nothing_in_a_home_that_was_open(old_home: Path) -> None:
    inside = [*old_home.rglob("*")]
    assert len(what_nobody_gets(inside)) > len(inside)  # it was open
    make_home_private(Settings(home=old_home))
    assert what_nobody_gets(inside) == []
    assert {path for path, _ in what_nobody_gets([old_home])} == {
        str(old_home)
    }  # that it is there, and no more
    assert not [found for _, found in what_nobody_gets([old_home]) if "ledger" in found]


def test_what_was_open_in_it_is_narrowed_too(old_home: Path) -> None:
    make_home_private(Settings(home=old_home))
    files = [
        *old_home.glob("*.*"),
        *old_home.glob("prefect/*"),
        *old_home.glob("run/*"),
        *old_home.glob("logs/*"),
    ]
    assert {file.name: oct(mode_of(file)) for file in files if mode_of(file) & 0o077} == {}
    assert (old_home / "ledger.db").read_text() == "secret"


def test_preparing_the_machine_narrows_the_home_before_anything_is_put_into_it(
    old_home: Path,
) -> None:
    subprocess.run(
        [sys.executable, "-c", "from setup.__main__ import make_home_private; make_home_private()"],
        check=True,
        cwd=ROOT,
        env={"TIDEGATE_HOME": str(old_home)},
        timeout=60,
    )
    assert mode_of(old_home) == 0o700


def test_a_secret_that_was_open_is_refused_before_it_is_narrowed(old_home: Path) -> None:
    settings = Settings(home=old_home)
    settings.api_auth()
    settings.api_auth_file.chmod(0o644)
    with pytest.raises(InputError, match="others may read or change it"):
        settings.make_secrets()
    assert mode_of(settings.api_auth_file) == 0o644


def test_a_process_of_ours_makes_files_that_are_its_users_alone(tmp_path: Path) -> None:
    made = tmp_path / "made"
    process = Background("maker", tmp_path / "run")
    process.start(["/bin/sh", "-c", f"touch {made}; exec sleep 60"], {})
    try:
        while not made.exists():
            assert process.pid()
        assert {mode_of(file) for file in (made, *process.folder.iterdir())} == {0o600}
        assert mode_of(process.folder) == 0o700
    finally:
        process.stop()


def test_a_running_installation_leaves_nothing_to_others(tidegate: Installation) -> None:
    home = tidegate.settings.home
    files = [
        home / "ledger.db",
        home / "prefect.auth",
        home / "receiver.token",
        home / "prefect" / "prefect.db",
        home / "prefect" / "profiles.toml",
        *(home / "run").iterdir(),
    ]
    assert {str(file): oct(mode_of(file)) for file in files if mode_of(file) & 0o077} == {}
    assert mode_of(home) == 0o700


def test_the_secret_stands_in_two_files_and_on_no_command_line(tidegate: Installation) -> None:
    secret = tidegate.plane.secret.encode()
    home = tidegate.settings.home
    holding = {
        str(file.relative_to(home))
        for file in home.rglob("*")
        if file.is_file() and secret in file.read_bytes()
    }
    assert holding == {"prefect.auth", "prefect/profiles.toml"}
    assert not [
        line for line in command_lines() if secret in line or secret.partition(b":")[2] in line
    ]


def test_a_plain_prefect_command_in_the_projects_folder_is_let_in(
    tidegate: Installation, tmp_path: Path
) -> None:
    point_prefect_here(tidegate.plane, tmp_path)
    assert tidegate.plane.secret not in (tmp_path / "prefect.toml").read_text()
    ended = subprocess.run(
        [Path(sys.executable).with_name("prefect"), "deployment", "run", "recover/all"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Created flow run" in ended.stdout


def test_profiles_that_a_person_has_made_stay_and_so_does_the_chosen_one(tmp_path: Path) -> None:
    file, settings = tmp_path / "profiles.toml", Settings(home=tmp_path / "home")
    file.write_text(
        'active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "http://elsewhere/api"\nOF_ANOTHER_PREFECT = "x"\n'
    )
    for port in (4200, 4300):
        write_profile(file, f"http://127.0.0.1:{port}/api", settings.api_auth())
    written = tomllib.loads(file.read_text())
    assert written == {
        "active": "mine",
        "profiles": {
            "mine": {"PREFECT_API_URL": "http://elsewhere/api", "OF_ANOTHER_PREFECT": "x"},
            "tidegate": {
                "PREFECT_API_URL": "http://127.0.0.1:4300/api",
                "PREFECT_API_AUTH_STRING": settings.api_auth().get_secret_value(),
            },
        },
    }
    assert mode_of(file) == 0o600
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["profiles.toml"]


@pytest.mark.parametrize("content", ["not toml", "profiles = 1", "[profiles"])
def test_profiles_that_cannot_be_read_are_named_and_not_lost(tmp_path: Path, content: str) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(content)
    with pytest.raises(
        InputError, match=r"reading Prefect's profiles in .+profiles\.toml: .+Correct it"
    ):
        write_profile(
            file, "http://127.0.0.1:4200/api", Settings(home=tmp_path / "home").api_auth()
        )
    assert file.read_text() == content


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def command_lines() -> list[bytes]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(file.read_bytes())
        except OSError:  # it has ended
            continue
    return found
