"""One broken part stops nobody else: whatever is broken of one of five stacks, the other four are
served and it is named."""

from __future__ import annotations

import ast
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prefect import State
from prefect.exceptions import ParameterTypeError

import cli.main
from blocks.probes.smoke import SmokeRunner
from cli import history, status
from cli.alerts import Webhook, signals_of
from flows.recover import recover
from flows.release import release
from flows.watch import watch
from setup.places import ROOT
from tasks.back.rollbacks import open_rollback
from tasks.frame.environments import open_environment
from tests.attacks.breaking import BREAKS, Broken
from tests.attacks.world import NAMES, STACK, Apps, World, applications, world
from tidegate.errors import ConfigError, TidegateError
from tidegate.policy.states import DeploymentState as S
from tidegate.stack.catalogue import every_stack
from tidegate.stack.showing import SmokeCheck
from tidegate.versions import Commit, Version

UNFORESEEN = "should have foreseen"


@dataclass
class Case:
    """A world in which one stack is broken."""

    world: World
    victim: str
    broken: Broken

    @property
    def gone(self) -> bool:
        """Nothing says any more that it exists: no look at it can be missed."""
        return self.broken in (BREAKS["environment gone"], BREAKS["renamed"])

    @property
    def others(self) -> list[str]:
        return [name for name in NAMES if name != self.victim]


@pytest.fixture(params=BREAKS)
def case(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Case]:
    """The victim is another one for each way, and always the same one for this way."""
    broken, victim = BREAKS[request.param], random.Random(request.param).choice(NAMES)
    with applications() as apps, world(tmp_path, apps, monkeypatch) as made:
        broken.how(made, victim)
        yield Case(made, victim, broken)


def said(command: Callable[[], object]) -> str:
    """What it says is wrong, empty when it is content; anything but an error of ours fails the
    test. A flow says it as its last state."""
    try:
        state = command()
    except TidegateError as error:
        told = str(error)
    else:
        told = str(state.message) if isinstance(state, State) else ""
    assert UNFORESEEN not in told, told
    return told


def test_everything_goes_on_for_the_four_others_and_names_the_fifth(case: Case) -> None:
    names_are_known(case)
    status_shows_all(case)
    history_of_each_can_be_read(case)
    alerts_of_the_others_are_taken(case)
    the_watch_looks_at_the_others(case)
    recovery_ends_what_is_over(case)
    a_way_back_can_be_opened(case)


def names_are_known(case: Case) -> None:
    names = every_stack(case.world.settings.stacks).names
    assert {name for other in case.others for name in (other, f"the-{other}")} <= set(names)
    assert {fault.name for fault in every_stack(case.world.settings.stacks).faulty} <= {case.victim}


def status_shows_all(case: Case) -> None:
    rows = status.rows(case.world.settings, None)
    assert {
        row["stack"]: (row["fault"], row["version"]) for row in rows if row["stack"] != case.victim
    } == dict.fromkeys(case.others, (None, "v-second"))
    faults = [row["fault"] for row in rows if row["stack"] == case.victim and row["fault"]]
    assert bool(faults) is (case.gone or not case.broken.is_read)
    [one] = [row["number"] for row in status.rows(case.world.settings, case.others[0])]
    assert one == 2


def history_of_each_can_be_read(case: Case) -> None:
    for name in NAMES:  # also of the broken one: the ledger knows it
        assert [row["number"] for row in history.rows(case.world.settings, name, "prod", 20)] == [
            3,
            2,
            1,
        ]


def alerts_of_the_others_are_taken(case: Case) -> None:
    alerts = [
        {
            "status": "firing",
            "labels": {"stack": name, "environment": "prod", "severity": "critical"},
            "startsAt": "2026-03-01T12:00:00Z",
            "fingerprint": name,
        }
        for name in NAMES
    ]
    signals, faults = signals_of(
        Webhook.model_validate({"version": "4", "alerts": alerts}), case.world.settings.stacks
    )
    assert set(case.others) <= {signal.stack for signal in signals}
    assert len(faults) == 5 - len(signals)
    assert all(case.victim in fault for fault in faults)


def the_watch_looks_at_the_others(case: Case) -> None:
    wrong = said(lambda: watch.fn(None))
    assert [name for name in case.others if not case.world.has_looked_at(name)] == []
    assert (case.victim in wrong) is not (case.broken.opens or case.gone)


def recovery_ends_what_is_over(case: Case) -> None:
    wrong = said(lambda: recover.fn())
    ended = {name: case.world.ledger.deployments.by_number(name, "prod", 3).state for name in NAMES}
    assert ended == dict.fromkeys(
        NAMES, S.EXPIRED
    )  # their runs are over: for that, no file is needed
    assert [
        other for other in case.others if f"{other} prod" in wrong
    ] == []  # but for telling people there is


def a_way_back_can_be_opened(case: Case) -> None:
    for name in NAMES:

        def open_one(name: str = name) -> None:
            env = open_environment(name, "prod", case.world.settings)
            work = open_rollback(
                env,
                steps_back=1,
                to=None,
                reason="wrong",
                requested_by="mei",
                key=f"rollback/{name}",
            )
            assert work.version.name == "v-first"

        wrong = said(open_one)
        assert bool(wrong) == (name == case.victim and not case.broken.opens), wrong


def test_a_key_in_the_env_file_and_under_secrets_is_refused_by_whatever_changes_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with applications() as apps, world(tmp_path, apps, monkeypatch) as made:
        BREAKS["a key in two places"].how(made, "ant")
        with pytest.raises(
            ConfigError,
            match="TOKEN: is in the env file and under `secrets:`; take one of them out",
        ):
            open_environment("ant", "prod", made.settings).refuse_faults()


# --- what hangs ---


@pytest.fixture
def silent_ant() -> Iterator[Apps]:
    with applications() as apps:
        apps.silent.add("ant")
        yield apps


def test_an_application_that_hangs_at_every_check_is_seen_to_hang_within_the_time_of_one_look(
    silent_ant: Apps,
) -> None:
    checks = [SmokeCheck(name=f"page {number}", path="/", most_seconds=300) for number in range(50)]
    version = Version("v1", Commit("a" * 40, "", "", datetime.now(UTC)))
    found = SmokeRunner(silent_ant.url, "ant.localhost", version, most_seconds=3).run(checks)
    assert [one.outcome for one in found] == ["error"] * 50
    assert found[0].detail.startswith("no whole answer in ")
    assert found[-1].detail == "not asked, because the checks before it took 3 s"


# --- from outside ---


def test_the_flows_can_be_imported_and_the_forms_know_the_others_whatever_stack_files_there_are(
    tmp_path: Path,
) -> None:
    """All ways of being broken at once, beside one stack that is well."""
    for place, (word, broken) in enumerate(BREAKS.items()):
        if broken.is_read or word == "renamed":
            continue
        made = World.__new__(World)
        name = f"stack{place}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "stack.yaml").write_text("name: x\n")
        made.folder = lambda name: tmp_path / name  # type: ignore[method-assign]
        if word != "the name of another":
            broken.how(made, name)
    (tmp_path / "ant").mkdir()
    (tmp_path / "ant" / "stack.yaml").write_text(STACK.format(name="ant"))
    code = (
        "import flows.release; from tidegate.stack.choices import choices; from tidegate.ledger.schema import upgrade; "
        "from tidegate.settings import Settings; s = Settings(); upgrade(s.database_url); print(list(choices(s).stacks))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "TIDEGATE_STACKS": str(tmp_path), "TIDEGATE_HOME": str(tmp_path)},
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("['ant', 'the-ant', 'stack")


def test_a_command_that_meets_what_nobody_foresaw_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli.main, "app", lambda: dict[str, str]()["nosuch"])
    with pytest.raises(SystemExit) as ended:
        cli.main.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(
        "✗ running this command: Tidegate met a KeyError in test_one_broken_part.py, line "
    )


def test_every_flow_ends_with_a_sentence() -> None:
    for file in sorted((ROOT / "flows").glob("*.py")):
        for one in ast.walk(ast.parse(file.read_text())):
            names = [ast.unparse(word) for word in getattr(one, "decorator_list", ())]
            if any(name.startswith("flow(") for name in names):
                assert names[1] == "plainly", f"{file.name}: {names}"


@pytest.mark.parametrize(
    "wrong", [{}, {"environment": "prod\n"}, {"environment": "x" * 21}, {"environment": None}]
)
def test_a_flow_knows_its_parameters_whatever_stack_files_there_are(
    wrong: dict[str, object],
) -> None:
    right = {"stack": "ant", "version": "v1", "environment": "prod-eu"}
    assert release.validate_parameters(right)["environment"] == "prod-eu"
    with pytest.raises((ParameterTypeError, TypeError)):
        release.validate_parameters({"stack": "ant", "version": "v1", **wrong})


def test_nobody_goes_through_stack_files_but_the_catalogue() -> None:
    ours = [
        file
        for folder in ("cli", "flows", "tasks", "blocks", "tidegate")
        for file in (ROOT / folder).rglob("*.py")
    ]
    reads = re.compile(r"load_stack\(|[*\"']/stack\.yaml|/ [\"']stack\.yaml")
    found = [str(file.relative_to(ROOT)) for file in ours if reads.search(file.read_text())]
    assert found == ["tidegate/stack/file.py"]
