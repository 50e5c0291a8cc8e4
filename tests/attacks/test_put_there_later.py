"""What is put into the team's folder, or taken from the edge, after the plan changes nothing."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows import deploy as deploying
from flows import put_back
from tasks.frame.environments import (
    as_planned,
    open_environment,
    open_exactly,
    open_sealed,
    open_serving,
)
from tasks.frame.opening import refuse_lost_configuration, work_of
from tasks.traffic.telling import Telling
from tests.attacks.world import STACK, Apps, World, world
from tidegate.edge.facts import Route, Target
from tidegate.errors import ConfigError, EngineError
from tidegate.facts import Message
from tidegate.pages.messages import Speaker
from tidegate.pages.texts import TEXTS
from tidegate.plan.sealed_files import with_copies
from tidegate.plan.seals import Seals
from tidegate.stack.file import load_stack


@pytest.mark.parametrize("put", ["plugins/evil.py", "late.conf"])
def test_a_mount_that_was_empty_or_missing_is_never_read_from_the_live_folder(
    tmp_path: Path, put: str
) -> None:
    folder, copies = tmp_path / "shop", tmp_path / "sealed" / "files"
    (folder / "plugins").mkdir(parents=True)
    (folder / put).write_text("planted")
    mounts = with_copies(model(folder, "plugins", "late.conf"), folder, copies)["services"]["web"][
        "volumes"
    ]
    assert [mount["source"] for mount in mounts] == [
        str(copies / "plugins"),
        str(copies / "late.conf"),
    ]


def test_a_socket_in_the_folder_is_still_the_one_that_somebody_listens_at(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "app.sock"))
        [mount] = with_copies(model(tmp_path, "app.sock"), tmp_path, tmp_path / "files")[
            "services"
        ]["web"]["volumes"]
    assert mount["source"] == str(tmp_path / "app.sock")


def model(folder: Path, *sources: str) -> dict[str, Any]:
    return {
        "services": {
            "web": {
                "volumes": [
                    {
                        "type": "bind",
                        "source": str(folder / source),
                        "target": f"/{source}",
                        "read_only": True,
                    }
                    for source in sources
                ]
            }
        }
    }


@pytest.mark.parametrize(
    ("kind", "was_good", "names"),
    [
        ("rollback", False, ("web.localhost",)),
        ("release", True, ("web.localhost",)),
        ("release", False, ("web.localhost", "Old.localhost")),
    ],
)
def test_a_way_back_goes_without_the_name_that_somebody_else_has_by_now(
    kind: str, was_good: bool, names: tuple[str, ...]
) -> None:
    routes = [route("shop", "web.localhost"), route("mill", "old.localhost")]
    told = Telling(work(kind, was_good, routes, "web.localhost", "Old.localhost"))
    assert tuple(place.host for place in told.places) == names


def test_a_way_back_whose_every_name_is_taken_keeps_them_for_the_edge_to_refuse() -> None:
    told = Telling(work("rollback", False, [route("mill", "old.localhost")], "old.localhost"))
    assert told.places == [("old.localhost", "/")]


def route(stack: str, domain: str) -> Route:
    return Route(
        stack, "prod", (domain,), (Target(1, "http://a:80"),), None, None, 1, "/ready", False
    )


def work(kind: str, was_good: bool, routes: list[Route], *domains: str) -> Any:
    own = dict.fromkeys(("domains", "hosts"), domains)
    config = SimpleNamespace(**own, shares_names_with=(), callings=(), https=False)
    web = SimpleNamespace(name="web", port=80, ready_path="/ready")
    stack = SimpleNamespace(name="shop", services=(web,), routes=(), environments={"prod": config})
    there = SimpleNamespace(good=routes)
    edge = SimpleNamespace(routes=lambda: there, mend=list, route=lambda *_: None)
    env = SimpleNamespace(stack=stack, name="prod", config=config, edge=edge, ready_path="/ready")
    return SimpleNamespace(env=env, deployment=SimpleNamespace(kind=kind, was_good=was_good))


# --- logins that were changed since ---

DATABASE = """
databases: [{{engine: mysql, service: db, host_key: MYSQL_HOST, user_key: MYSQL_USER, password_key: MYSQL_PASSWORD,
             database_key: MYSQL_DATABASE}}]
state: {{databases: [main]}}
"""
LOGIN = (
    "smoke: [{{name: login, login: {{path: /in, username_key: SMOKE_USER, password_key: SMOKE_PASSWORD, "
    "token_field: token}}}}]"
)
OLD = {
    "GREETING": "well",
    "MYSQL_USER": "app",
    "MYSQL_DATABASE": "ant",
    "MYSQL_PASSWORD": "0ld-of-the-app",
    "MYSQL_ROOT_PASSWORD": "0ld-of-the-root",
    "SMOKE_USER": "visitor",
    "SMOKE_PASSWORD": "0ld-of-the-visitor",
}
CHANGED = {
    "MYSQL_PASSWORD": "n3w-of-the-app",
    "MYSQL_ROOT_PASSWORD": "n3w-of-the-root",
    "SMOKE_PASSWORD": "n3w-of-the-visitor",
}


class Token:
    """The secret block, after its value was changed."""

    def get(self) -> str:
        return "n3w-token"


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Releases that were good with the old logins, which the folder and the secret block have
    changed since."""
    apps = Apps()
    with world(tmp_path, apps, monkeypatch) as made:
        lines = STACK.format(name="ant").splitlines()
        stack = (
            "\n".join(LOGIN.format() if line.startswith("smoke:") else line for line in lines)
            + DATABASE.format()
        )
        (made.folder("ant") / "stack.yaml").write_text(stack)
        for one in made.ledger.deployments.history("ant", "prod"):
            Seals(tmp_path / "sealed").write(
                one.id,
                stack=load_stack(made.folder("ant")),
                values={**OLD, "TOKEN": "0ld-token"},
                files={},
                contents={},
                model={
                    "services": {"web": {"environment": {"MYSQL_PASSWORD": OLD["MYSQL_PASSWORD"]}}}
                },
            )
        write_env(made, {**OLD, **CHANGED, "GREETING": "edited"})
        made.blocks["Secret", "ant-token"] = Token()
        yield made
    apps.server_close()


def write_env(made: World, values: Mapping[str, str]) -> None:
    (made.folder("ant") / ".env").write_text(
        "".join(f"{key}={value}\n" for key, value in values.items())
    )


def test_a_way_back_and_a_look_log_in_with_what_is_valid_now_and_change_nothing_else(
    sealed: World,
) -> None:
    serving, first = sealed.serving("ant"), sealed.ledger.deployments.by_number("ant", "prod", 1)
    look = open_serving("ant", "prod", sealed.settings)
    for env in (look, open_sealed(serving, sealed.settings), as_planned(look, first)):
        assert env.values == {**OLD, **CHANGED, "TOKEN": "n3w-token"}
        assert (
            env.model()["services"]["web"]["environment"]["MYSQL_PASSWORD"] == OLD["MYSQL_PASSWORD"]
        )
        assert env.redactor.redact(f"{env.values['MYSQL_PASSWORD']} n3w-token") == "*** ***"


def test_a_release_that_goes_on_keeps_its_logins_and_its_way_back_takes_the_valid_ones(
    sealed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving, seen = sealed.serving("ant"), list[Mapping[str, str]]()
    work = work_of(open_exactly(serving, sealed.settings), serving)
    assert work.env.values == {**OLD, "TOKEN": "0ld-token"}
    around = "is_good place_hold shift_back hand_back_alone end_maintenance remove_slot"
    for step in (*around.split(), "close_failed", "tell"):  # as in the middle of its change
        monkeypatch.setattr(put_back, step, lambda *_, **__: None)
    monkeypatch.setattr(put_back, "downgrade_schema", lambda work: seen.append(work.env.values))
    put_back.put_back(work, EngineError("releasing", "it failed", "Look"))
    assert seen == [{**OLD, **CHANGED, "TOKEN": "n3w-token"}]


@pytest.mark.parametrize(
    "slip",
    [
        "not a line\nMYSQL_PASSWORD=n3w\n",
        "MYSQL_PASSWORD=CHANGE_ME\n",
        "MYSQL_PASSWORD=\n",
        "SMOKE_USER=visitor\n",
        None,
    ],
)
def test_where_the_folder_has_a_fault_the_planned_logins_are_taken(
    sealed: World, slip: str | None
) -> None:
    file = sealed.folder("ant") / ".env"
    if slip is None:
        file.unlink()
    else:
        file.write_text(slip)
    del sealed.blocks["Secret", "ant-token"]
    env = open_serving("ant", "prod", sealed.settings)
    assert env.values == {**OLD, "TOKEN": "0ld-token"}


def test_a_broken_stack_file_hides_no_valid_login(sealed: World) -> None:
    (sealed.folder("ant") / "stack.yaml").write_text("{")
    env = open_sealed(sealed.serving("ant"), sealed.settings)
    assert env.values == {**OLD, **CHANGED, "TOKEN": "n3w-token"}


# --- what was kept and is gone ---


@pytest.fixture
def lost(sealed: World) -> World:
    """As the journals say, everything was kept; nothing of it is there."""
    for one in sealed.ledger.deployments.history("ant", "prod"):
        step = sealed.ledger.journal.begin(one.id, "keep-configuration", {})
        sealed.ledger.journal.done(step.key, {"configuration": {}})
    shutil.rmtree(sealed.settings.home / "sealed")
    return sealed


def test_a_release_whose_configuration_is_gone_does_not_go_on(lost: World) -> None:
    waiting = lost.ledger.deployments.by_number("ant", "prod", 3)
    work = work_of(open_exactly(waiting, lost.settings), waiting)
    with pytest.raises(
        ConfigError, match=r"going on with ant prod #3: .* is gone .* Start the release again"
    ):
        refuse_lost_configuration(work)


def test_a_release_that_has_begun_is_put_back_when_its_configuration_is_gone(
    lost: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving, ended = lost.serving("ant"), list[BaseException]()
    monkeypatch.setattr(deploying, "begin_change", lambda work: work)
    monkeypatch.setattr(put_back, "put_back", lambda work, error: ended.append(error))
    with pytest.raises(ConfigError, match="Start the release again") as refused:
        deploying.replace_old(work_of(open_sealed(serving, lost.settings), serving))
    assert ended == [refused.value]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_way_back_goes_on_with_the_folder_and_says_so(lost: World, language: str) -> None:
    first = lost.ledger.deployments.by_number("ant", "prod", 1)
    for env in (
        open_serving("ant", "prod", lost.settings),
        as_planned(open_environment("ant", "prod", lost.settings), first),
    ):
        assert (env.lost, env.values["GREETING"]) == (True, "edited")
    said = Speaker(language, "Ant", "UTC", {}).with_folder(
        Message("rolled_back", "yellow", "back", "body")
    )
    assert said.body == f"body\n{TEXTS[language]['configuration lost']}"


def test_a_way_back_to_what_is_gone_is_not_stopped_by_a_broken_folder(lost: World) -> None:
    env = open_environment("ant", "prod", lost.settings)
    (lost.folder("ant") / "stack.yaml").write_text("{")
    assert as_planned(env, lost.ledger.deployments.by_number("ant", "prod", 1)).lost


def test_a_deployment_of_which_nothing_was_ever_kept_goes_on_as_before(sealed: World) -> None:
    shutil.rmtree(sealed.settings.home / "sealed")
    waiting = sealed.ledger.deployments.by_number("ant", "prod", 3)
    work = work_of(open_exactly(waiting, sealed.settings), waiting)
    refuse_lost_configuration(work)
    assert not work.env.lost
