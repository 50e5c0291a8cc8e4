"""A team's own folder: found from below, read once, refused as a whole, and never mixed up with our
own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from cli.control_plane import PYTHON
from cli.demo import EXAMPLE, refuse_elsewhere
from cli.run import make_home_private
from setup.places import ROOT
from tidegate.errors import InputError
from tidegate.settings import Settings
from tidegate.stack.folder import FILE
from tidegate.stack.schema_export import SCHEMA_FILE
from tidegate.stack.team_folder import IGNORED, make_for_several

NOBODY = 65534
TIDEGATE = Path(sys.executable).with_name("tidegate")


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shell in a new folder of a team, with no setting of its own."""
    for name in ("PYTHONPATH", *(f"TIDEGATE_{name.upper()}" for name in Settings.model_fields)):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "team"
    make_for_several(folder)
    monkeypatch.chdir(folder)
    return folder


def say(team: Path, text: str) -> None:
    (team / FILE).write_text(text)


# --- where it is ---


def test_a_new_folder_works_as_it_is(team: Path) -> None:
    assert (Settings().home, Settings().stacks) == (team / ".tidegate", team / "stacks")


def test_the_folder_is_found_from_every_folder_below_it(
    team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = team / "stacks" / "shop" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert Settings().home == team / ".tidegate"


def test_the_nearest_folder_counts(team: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = team / "inner"
    inner.mkdir()
    say(inner, "")
    monkeypatch.chdir(inner)
    assert Settings().stacks == inner / "stacks"


def test_a_mistyped_name_makes_no_folder_for_several_inside_of_one(team: Path) -> None:
    wrong = team / "stacks" / "shpo"
    with pytest.raises(InputError, match=r"shpo: there is none, and it lies in .*stacks/NAME"):
        make_for_several(wrong)
    assert not wrong.exists()


def test_outside_of_every_folder_one_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIDEGATE_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        InputError,
        match=r"looking for tidegate\.toml: neither .+ above it has one\. .*tidegate init",
    ):
        Settings(stacks=tmp_path)


def test_an_empty_file_is_enough(team: Path) -> None:
    say(team, "")
    assert Settings().stacks == team / "stacks"


def test_this_clone_is_a_folder_too(team: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "docs")
    assert (Settings().home, Settings().stacks) == (ROOT / ".tidegate", ROOT / "stacks")


# --- what counts ---


def test_the_environment_counts_before_the_file_and_an_argument_before_both(
    team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(team, "prefect_port = 1111\nedge_port = 1112\nreceiver_port = 1113\nhome = '../state'\n")
    monkeypatch.setenv("TIDEGATE_EDGE_PORT", "2222")
    monkeypatch.setenv("TIDEGATE_RECEIVER_PORT", "2223")
    found = Settings(receiver_port=3333)
    assert (found.prefect_port, found.edge_port, found.receiver_port) == (1111, 2222, 3333)
    assert found.home == team / "../state"


def test_a_path_of_the_environment_is_one_below_the_current_folder(
    team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEGATE_HOME", "state")
    monkeypatch.chdir(team / "stacks")
    assert Settings().home == team / "stacks" / "state"


def test_a_process_that_was_told_everything_asks_no_file(
    team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody edits the file while the control plane runs, and makes a mistake."""
    for name, value in Settings().as_environment().items():
        monkeypatch.setenv(name, value)
    say(team, "not toml")
    assert Settings().home == team / ".tidegate"


# --- what is refused ---


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("home", r"Expected '='"),
        (
            "prefect_prot = 1\n",
            r"line 1: unknown: prefect_prot \(did you mean prefect_port\?\)\. Known are edge_check_port, ",
        ),
        ("[tidegate]\nhome = 'x'\n", r"unknown: tidegate"),
        (
            "ledger_url = 'postgresql://a:b@c/d'\n",
            r"ledger_url may hold a password.+Set TIDEGATE_LEDGER_URL",
        ),
        (b"\xff\xfe", r"can't decode"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_its_path(
    team: Path, content: str | bytes, said: str
) -> None:
    (team / FILE).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=rf"reading .+{FILE}: .*{said}") as refused:
        Settings()
    assert "a:b" not in str(refused.value)


def test_a_wrong_value_is_named_where_it_stands(team: Path) -> None:
    say(team, "prefect_port = 'four'\nlock_ttl_seconds = 0\n")
    ended = subprocess.run(
        [TIDEGATE, "status"],
        env={"PATH": os.environ["PATH"], "TIDEGATE_EDGE_PORT": "x"},
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    for place in (
        f"prefect_port in {FILE}: ",
        f"lock_ttl_seconds in {FILE}: ",
        "TIDEGATE_EDGE_PORT: ",
    ):
        assert place in ended.stderr


@pytest.mark.parametrize(
    ("mode", "owner", "said"), [(0o644, NOBODY, "another user"), (0o646, 0, "everybody may write")]
)
def test_a_file_that_somebody_else_writes_is_not_obeyed(
    team: Path, mode: int, owner: int, said: str
) -> None:
    (team / FILE).chmod(mode)
    os.chown(team / FILE, owner, owner)
    with pytest.raises(InputError, match=said):
        Settings()


def test_who_called_sudo_is_no_stranger(team: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(team / FILE, NOBODY, NOBODY)
    monkeypatch.setenv("SUDO_UID", str(NOBODY))
    assert Settings().home == team / ".tidegate"


@pytest.mark.parametrize(
    "make", [Path.mkdir, lambda path: path.symlink_to("nowhere")], ids=["folder", "dangling link"]
)
def test_what_is_no_file_is_not_passed_over(team: Path, make: object) -> None:
    """Else a folder above it would be taken, with other stacks."""
    (team / FILE).unlink()
    assert callable(make)
    make(team / FILE)
    with pytest.raises(InputError, match=rf"reading .+{FILE}: "):
        Settings()


# --- a new one ---


def test_a_new_folder_changes_nothing_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / ".gitignore").write_text("node_modules\n.tidegate/")
    make_for_several(tmp_path)
    lines = (tmp_path / ".gitignore").read_text().splitlines()
    assert lines == ["node_modules", *IGNORED]
    with pytest.raises(InputError, match=r"it has a tidegate\.toml already"):
        make_for_several(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Choose a folder that you may write to"):
        make_for_several(tmp_path / "file" / "team")


def test_git_sees_neither_state_nor_env_files_of_a_new_folder(team: Path) -> None:
    say(team, "home = 'state'\n")  # elsewhere than where .gitignore expects it
    for name in (
        "state/ledger.db",
        "stacks/shop/.env.production",
        "stacks/shop/.env",
        "stacks/shop/.env.example",
    ):
        (team / name).parent.mkdir(parents=True, exist_ok=True)
        (team / name).touch()
    make_home_private(Settings())
    for words in (("init", "-q"), ("add", "-A")):
        subprocess.run(["git", *words], check=True, timeout=30, capture_output=True)
    seen = subprocess.run(
        ["git", "ls-files"], check=True, timeout=30, capture_output=True, text=True
    ).stdout.splitlines()
    assert seen == [".gitignore", "stacks/shop/.env.example", "stacks/stack.schema.json", FILE]


def test_the_schema_of_stack_files_is_printed_wherever_tidegate_is(tmp_path: Path) -> None:
    ended = subprocess.run(
        [TIDEGATE, "schema"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == SCHEMA_FILE.read_text()


# --- what is in it is the team's ---


def test_a_teams_own_code_is_not_taken_for_ours(team: Path) -> None:
    """`python -m` looks into the current folder first, unless it is told not to."""
    packages = ("flows", "tasks", "blocks", "control", "cli", "tidegate")
    for name in packages:
        (team / name).mkdir()
        (team / name / "__init__.py").write_text("raise SystemExit('the team')")
    code = f"import {', '.join(packages)}; print(cli.__file__)"
    ended = subprocess.run(
        [*PYTHON, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    found = Path(ended.stdout.strip())
    assert (found.name, found.is_relative_to(team), ended.stderr) == ("__init__.py", False, "")


@pytest.mark.parametrize("source", ["git@github.com:acme/cloudlens.git", None])
def test_the_demo_removes_nothing_of_a_team_whose_stack_has_its_name(
    team: Path, source: str | None
) -> None:
    if source:
        (team / "stacks" / "cloudlens").mkdir()
        content = yaml.safe_load((ROOT / "stacks" / "cloudlens" / "stack.yaml").read_text())
        assert content["source"]["repository"] == EXAMPLE
        content["source"]["repository"] = source
        (team / "stacks" / "cloudlens" / "stack.yaml").write_text(
            yaml.safe_dump(content, allow_unicode=True)
        )
    with pytest.raises(InputError, match="Nothing was changed"):
        refuse_elsewhere(Settings())
    refuse_elsewhere(Settings(stacks=ROOT / "stacks"))


def test_which_version_this_is_can_be_asked_anywhere(tmp_path: Path) -> None:
    said = subprocess.run(
        [TIDEGATE, "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert said == f"{version('tidegate')}\n"
