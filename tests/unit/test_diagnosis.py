"""What `tidegate doctor` says: each thing by itself, with a way out."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from blocks.docker.engine_looks import skew_seconds
from cli.doctor import diagnoses, show
from tasks.plan.diagnosing import dns, looks
from tests.installation import free_ports
from tests.unit.ledger_parts import ledger_url
from tests.unit.test_stackfile import SAMPLE
from tidegate.diagnosis import Diagnosis, diagnose
from tidegate.errors import EngineError, InputError
from tidegate.settings import Settings

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def refuse() -> str:
    raise EngineError("asking", "no answer", "Start it")


def test_what_is_bad_of_one_keeps_no_other_from_being_looked_at() -> None:
    found = diagnose({"a": refuse, "b": lambda: "well", "c": lambda: str(1 // 0)})
    assert found[:2] == [
        Diagnosis("a", False, "no answer", "Start it"),
        Diagnosis("b", True, "well"),
    ]
    assert (found[2].is_good, "ZeroDivisionError" in found[2].detail) == (False, True)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("2026-11-27T12:00:00.5Z", 0),
        ("2026-11-27T12:00:08.123456789+00:00", 7.1),
        ("2026-11-27T20:59:00+09:00", 60),
    ],
)
def test_a_clock_that_differs_is_measured_against_the_moments_around_the_question(
    said: str, seconds: float
) -> None:
    assert skew_seconds(said, NOW, NOW + timedelta(seconds=1)) == pytest.approx(seconds, abs=0.1)


def test_a_time_that_is_none_is_not_taken_for_a_good_clock() -> None:
    with pytest.raises(EngineError, match="which is no time"):
        skew_seconds("soon", NOW, NOW)


def test_names_below_localhost_need_no_name_server() -> None:
    def nobody(name: str) -> list[str]:
        raise OSError(f"asked for {name}")

    assert dns("shop.localhost", nobody) == "this machine"
    assert dns("shop.example", lambda name: ["192.0.2.1", "192.0.2.2"]) == "192.0.2.1, 192.0.2.2"
    with pytest.raises(InputError, match=r"no name server knows it \(asked for shop\.example\)"):
        dns("shop.example", nobody)


def settings_at(folder: Path) -> Settings:
    """With ports that nobody has, whatever runs on this machine."""
    prefect, edge, check, receiver = free_ports(4)
    return Settings(
        home=folder / "home",
        stacks=folder / "stacks",
        prefect_port=prefect,
        edge_port=edge,
        edge_check_port=check,
        receiver_port=receiver,
    )


def test_an_installation_that_was_never_started_is_told_how_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No engine answers, either."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    (tmp_path / "stacks").mkdir()
    found = {one.name: one for one in diagnoses(settings_at(tmp_path))}
    bad = {name for name, one in found.items() if not one.is_good}
    assert bad == {"runs", "edge", "engine", "builds", "disk", "clock", "ledger"}
    assert found["runs"].to_do == "`tidegate run` starts what is missing"
    assert found["stack files"].detail == "none yet: `tidegate init` writes one"
    assert all(one.to_do for one in found.values() if not one.is_good)
    assert [one.name for one in tmp_path.iterdir()] == ["stacks"]


def test_ledger_and_stack_files_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "stacks" / "shop").mkdir(parents=True)
    (tmp_path / "stacks" / "shop" / "stack.yaml").write_text(SAMPLE)
    ledger_url(tmp_path)
    settings = Settings(home=tmp_path, stacks=tmp_path / "stacks")
    wanted = dict(looks(settings, has_server=False))
    assert wanted["ledger"]() == "0 entries, nothing differs"
    assert {name for name in wanted if name.startswith("DNS ")}
    shutil.copytree(tmp_path / "stacks" / "shop", tmp_path / "stacks" / "bad")
    (tmp_path / "stacks" / "bad" / "stack.yaml").write_text("name: [")
    with pytest.raises(InputError, match="1 with faults: bad"):
        dict(looks(settings, has_server=False))["stack files"]()


def test_each_line_has_its_mark_and_what_is_bad_its_way_out() -> None:
    shown = Console(file=StringIO(), width=100)
    show(
        [
            Diagnosis("engine", True, "Docker 27"),
            Diagnosis("edge", False, "there is none", "`tidegate run` starts it"),
            Diagnosis("door", False, "there is none", "`tidegate run` starts it"),
            Diagnosis("door of box2", False, "there is none", "`tidegate run` starts it"),
            Diagnosis("DNS a.test", False, "nobody knows it"),
            Diagnosis("DNS b.test", False, "nobody knows it"),
        ],
        shown,
    )
    assert isinstance(shown.file, StringIO)
    assert shown.file.getvalue() == (
        "✓ engine        Docker 27\n"
        "✗ edge          there is none. `tidegate run` starts it\n"
        "✗ door          the same as at edge\n"
        "✗ door of box2  there is none. `tidegate run` starts it\n"
        "✗ DNS a.test    nobody knows it\n"
        "✗ DNS b.test    nobody knows it\n"
    )
