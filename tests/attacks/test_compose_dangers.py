"""A compose setting that gives the host away is refused, released service or not, unless the team
says why."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tests.attacks.compose_settings import DANGEROUS, HARMLESS, HEAD
from tests.unit.compose_models import model
from tests.unit.plans import AT, a_plan
from tidegate.errors import ConfigError, StackFileError
from tidegate.facts import ComposeModel
from tidegate.pages.messages import release_record
from tidegate.pages.stages import evidence_page, plan_page
from tidegate.stack.compose_dangers import Danger, dangers, refusals
from tidegate.stack.environments import Place
from tidegate.stack.file import Allowed, HostSetting
from tidegate.stack.host_paths import HostPaths
from tidegate.stack.schema_export import SCHEMA_FILE

PROJECTS = ("mill-prod", "shop-staging", "shop-prod-x-dev")
"""Of the other environments."""


COMPOSE = Compose(DockerHost(), redact=str)  # one, because it looks only once for the program
ENVIRONMENT = {"ETC": "/etc"}


class Team:
    """A stack's folder whose compose file is read by the real Compose, as a release reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder / "stacks" / "shop", folder / "home"
        self.folder.mkdir(parents=True)
        self.home.mkdir()

    def read(self, rest: str) -> ComposeModel:
        file = self.folder / "compose.yaml"
        file.write_text(HEAD + rest)
        read = COMPOSE.read([file], ENVIRONMENT, "shop-prod")
        env_files = COMPOSE.env_files([file], ENVIRONMENT, "shop-prod") if "_file:" in rest else {}
        for name, files in env_files.items():
            read["services"][name]["env_file"] = files
        return read

    def found(self, rest: str | ComposeModel, *allowed: Allowed, engine: str = "") -> list[Danger]:
        read = self.read(rest) if isinstance(rest, str) else rest
        return list(
            dangers(
                read,
                HostPaths(self.folder, (self.home, self.folder.parent), engine, PROJECTS),
                allowed,
            )
        )


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


@pytest.mark.parametrize(("setting", "kind"), DANGEROUS, ids=range(len(DANGEROUS)))
def test_what_gives_the_host_away_is_refused_by_one_word_and_allowed_by_it(
    team: Team, setting: str, kind: HostSetting
) -> None:
    (team.folder.parent / "mill").mkdir()
    (team.folder.parent / "mill" / ".env.production").touch()
    (team.folder / "e.env").touch()
    rest = team.read(f"    {setting}\n")
    found = team.found(rest)
    assert {one.setting for one in found} == {kind}
    [refusal] = refusals(found)
    assert refusal.startswith("services.agent.")
    assert f"(setting: {kind})" in refusal
    reason = Allowed(service="agent", setting=kind, reason="it watches this machine")
    assert refusals(team.found(rest, reason)) == []
    assert refusals(team.found(rest, reason.model_copy(update={"service": "other"})))


def test_one_allowed_setting_allows_no_other_one(team: Team) -> None:
    rest = "    privileged: true\n    pid: host\n"
    allowed = Allowed(service="agent", setting="host-processes", reason="it counts processes")
    assert [one.setting for one in team.found(rest, allowed) if not one.reason] == ["privileged"]


def test_every_word_that_can_be_allowed_is_refused_by_something() -> None:
    assert {kind for _, kind in DANGEROUS} == set(get_args(HostSetting))


def test_what_a_link_in_the_stacks_own_folder_leads_to_is_judged(
    team: Team, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(team.folder / "mine"))
        (team.folder / "root").symlink_to("/")
        (team.folder / "engine").symlink_to("/var/run/docker.sock")
        (team.folder / "key").symlink_to(team.home / "fingerprint.key")
        kinds = {
            source: team.found(f"    volumes: ['./{source}:/x:ro']\n")[0].setting
            for source in ("mine", "root", "engine", "key")
        }
    assert kinds == {
        "mine": "engine-socket",
        "root": "host-files",
        "engine": "engine-socket",
        "key": "host-files",
    }


def test_the_engine_is_known_by_its_address_too_and_so_is_every_folder_above_it(team: Team) -> None:
    found = team.found("    volumes: ['/srv/e/engine:/x']\n", engine="unix:///srv/e/engine")
    assert [one.setting for one in found] == ["engine-socket"]
    assert [
        one.setting
        for one in team.found("    volumes: ['/srv/e:/x']\n", engine="unix:///srv/e/engine")
    ] == ["host-files"]


@pytest.mark.parametrize("harmless", HARMLESS, ids=range(len(HARMLESS)))
def test_what_applications_commonly_need_asks_for_no_word(team: Team, harmless: str) -> None:
    (team.folder / "e.env").touch()
    assert team.found(f"    {harmless}\n") == []


def test_the_sample_of_other_tests_is_clean(tmp_path: Path) -> None:
    clean = {**model(), "services": {**model()["services"]}}
    assert [one.text for one in dangers(clean, HostPaths(Path("/srv/stack")))] == []


@pytest.mark.parametrize(
    "twice",
    [
        "    privileged: true\n    privileged: false\n",
        "    'privileged': true\n    privileged: false\n",
        "    image: acme/other:2\n",
        "    environment: {A: 1, A: 2}\n",
        "    <<: {pid: host}\n    <<: {pid: ''}\n",
    ],
)
def test_compose_itself_refuses_a_key_that_is_written_twice(team: Team, twice: str) -> None:
    with pytest.raises((StackFileError, ConfigError), match=r"already defined|<<"):
        team.found(twice)


# --- whoever approves reads it ---

GIVEN = Danger(
    "agent",
    "engine-socket",
    "volumes: /x is the socket /run/docker.sock (read-only)",
    "counts | the containers\nof all",
)


@pytest.mark.parametrize(("language", "said"), [("zh", "主机权限"), ("en", "Access to the host")])
def test_an_allowed_setting_stands_on_the_page_and_in_the_record_with_its_reason(
    language: str, said: str
) -> None:
    plan = replace(a_plan(), privileges=(GIVEN,))
    evidence = evidence_page(
        plan, language, now=AT, expires=AT, time_zone="UTC", backup=None, requested_by="mei"
    )
    for page in (plan_page(plan, language), evidence):
        assert said in page
        assert (
            "| agent | volumes: /x is the socket /run/docker.sock (read-only) | counts \\| the containers of all |"
            in page.replace("<br>", " ")
        )
    record = release_record(
        language,
        title="Shop",
        version="v1",
        place=Place("prod", "production"),
        staged=None,
        released_by="mei",
        released_at=AT,
        time_zone="UTC",
        changes=(),
        approved_by=None,
        privileges=(f"{GIVEN.text} ({GIVEN.reason})",),
    )
    assert said in record
    assert "counts \\| the containers of all" in record


def test_a_page_without_such_settings_says_nothing_of_them() -> None:
    assert "Access to the host" not in plan_page(a_plan(), "en")


@pytest.mark.parametrize(
    "change", [{"reason": "another one"}, {"detail": "pid: host"}, {"service": "other"}]
)
def test_an_approval_counts_for_these_settings_and_reasons_only(change: dict[str, Any]) -> None:
    plan = replace(a_plan(), privileges=(GIVEN,))
    assert (
        len({a_plan().hash, plan.hash, replace(plan, privileges=(replace(GIVEN, **change),)).hash})
        == 3
    )


def test_the_words_of_the_schema_are_those_of_the_refusals() -> None:
    schema = json.loads(SCHEMA_FILE.read_text())
    of_host, password = schema["$defs"]["Allowed"]["properties"]["setting"]["anyOf"]
    assert (of_host["enum"], password["const"]) == (list(get_args(HostSetting)), "default-password")
