"""The two teams' folder `examples/seeds`: its env examples filled in as on a server, and read as
`tidegate check` reads it. Nothing is started."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from setup.places import ROOT
from tasks.frame.environments import open_files
from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.checking import look_over
from tests.sql import of_sql
from tidegate.facts import Slot
from tidegate.settings import Settings
from tidegate.stack.catalogue import every_stack
from tidegate.stack.kept_ports import published_faults
from tidegate.stack.migrations import CommandMigration
from tidegate.stack.names import names_in_slot
from tidegate.stack.slot import base_services, make_slot

SEEDS = ROOT / "examples" / "seeds"
PLACEHOLDER = "CHANGEME"
NAMES = sorted(folder.name for folder in (SEEDS / "stacks").iterdir())
MOST_LINES = {"odoo18": 60, "cloudlens": 40}
"""Lines of stack.yaml; the others have a proposal's."""
MOST_LINES_OF_OTHERS = 25
UPSTREAM = re.compile(r"proxy_pass http://([A-Za-z0-9_.-]+):")
KEPT_NAMES = {"ocr-service": "ocr", "qr-bff": "qr-bff"}
"""Names by which other stacks call released services in production -> the stack."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of a folder as it lies on a server."""
    folder = tmp_path_factory.mktemp("seeds")
    shutil.copytree(SEEDS, folder, dirs_exist_ok=True)
    for example in folder.rglob(".env.*.example"):
        text = re.sub(PLACEHOLDER, lambda _: secrets.token_hex(12), example.read_text())
        example.with_suffix("").write_text(text)
    for made in ("data", "plugins"):  # the bot has written into them for a year
        (folder / "stacks" / "langbot" / made).mkdir()
    (folder / ".tidegate").mkdir()
    return Settings(home=folder / ".tidegate", stacks=folder / "stacks")


@cache
def opened(settings_folder: Path, stack: str, environment: str) -> OpenEnvironment:
    settings = Settings(home=settings_folder.parent / ".tidegate", stacks=settings_folder)
    return open_files(every_stack(settings_folder).find(stack), environment, settings)


def environments(settings: Settings, only: str) -> Iterator[OpenEnvironment]:
    for name in every_stack(settings.stacks).find(only).environments:
        yield opened(settings.stacks, only, name)


def slot_of(env: OpenEnvironment) -> Slot:
    return make_slot(
        env.model(),
        base_project=env.base_project,
        project=f"{env.base_project}-42",
        number=42,
        released=env.released,
        images=dict.fromkeys(env.released, "sha256:1"),
        edge_network=f"tidegate-edge_{env.stack.name}_{env.name}",
        labels={},
    )


def upstreams(env: OpenEnvironment) -> Iterator[tuple[str, str]]:
    """Service -> a name that a file of this folder, which it is given, sends people to."""
    for service in env.released:
        for mount in env.model()["services"][service].get("volumes") or []:
            file = Path(mount.get("source", ""))
            if file.is_file():
                yield from ((service, name) for name in UPSTREAM.findall(file.read_text()))


@pytest.mark.parametrize("name", NAMES)
def test_check_finds_no_fault(settings: Settings, name: str) -> None:
    looked, found = look_over(settings, name)
    assert len(looked) == len(list(environments(settings, name)))
    assert [f"{one.environment}: {one.came_back}" for one in found if one.kind == "fault"] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_stack_file_is_short_and_names_its_folder(name: str) -> None:
    text = (SEEDS / "stacks" / name / "stack.yaml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES.get(name, MOST_LINES_OF_OTHERS)
    assert text.startswith(f"name: {name}\n")


@pytest.mark.parametrize("name", NAMES)
def test_what_an_nginx_calls_by_container_name_is_found_in_its_own_slot(
    settings: Settings, name: str
) -> None:
    for env in environments(settings, name):
        known = {
            called: service
            for service in env.released
            for called in names_in_slot(env.model(), service, env.released)
        }
        for service, called in upstreams(env):
            assert known.get(called) not in (None, service), (env.name, service, called)


def test_cloudlens_has_such_an_nginx_in_each_environment(settings: Settings) -> None:
    for env in environments(settings, "cloudlens"):
        assert {service for service, _ in upstreams(env)} == {"nginx"}
        assert len(list(upstreams(env))) == 2


@pytest.mark.parametrize("name", NAMES)
def test_every_service_has_a_container_name_that_no_other_one_has(
    settings: Settings, name: str
) -> None:
    given = [
        service["container_name"]
        for env in environments(settings, name)
        for service in env.model()["services"].values()
    ]
    assert len(set(given)) == len(given)


@pytest.mark.parametrize("name", NAMES)
def test_each_environment_has_doors_of_its_own(settings: Settings, name: str) -> None:
    """Aliases lead to the stack, and each of its host names to one environment of it."""
    stacks = every_stack(settings.stacks)
    assert stacks.faulty == ()
    assert all(stacks.find(alias).name == name for alias in stacks.find(name).aliases)
    hosts = [
        host for stack in stacks.good for one in stack.environments.values() for host in one.hosts
    ]
    assert len(set(hosts)) == len(hosts)


def test_people_come_to_every_production_by_https(settings: Settings) -> None:
    productions = [
        one.environments[name]
        for one in every_stack(settings.stacks).good
        for name in one.productions
    ]
    assert len(productions) == len(NAMES) - 1  # odoo18-test has none
    assert all(one.https for one in productions)


def test_product_managers_find_their_stacks_by_the_old_words(settings: Settings) -> None:
    stacks = every_stack(settings.stacks)
    found = {
        word: stacks.find(word).name for word in ("odoo18-prod", "web-seisei", "ocr", "langbot")
    }
    assert found == {
        "odoo18-prod": "odoo18",
        "web-seisei": "biznexus",
        "ocr": "ocr",
        "langbot": "langbot",
    }


def test_the_redis_of_odoo_keeps_the_name_by_which_qr_bff_calls_it(settings: Settings) -> None:
    """It is a base service: no release changes it or its names."""
    odoo, bff = opened(settings.stacks, "odoo18", "prod"), opened(settings.stacks, "qr-bff", "prod")
    called = bff.model()["services"]["qr-bff"]["environment"]["REDIS_HOST"]
    [redis] = [
        name
        for name in base_services(odoo.model(), odoo.released)
        if odoo.model()["services"][name]["container_name"] == called
    ]
    shared = networks_of(odoo, redis) & networks_of(bff, "qr-bff")
    assert shared == {"seisei-odoo-network"}
    assert odoo.values["REDIS_PASSWORD"] != ""


def networks_of(env: OpenEnvironment, service: str) -> set[str]:
    model = env.model()
    return {model["networks"][key]["name"] for key in model["services"][service]["networks"]}


def test_a_released_service_has_no_name_of_its_own_on_shared_networks(settings: Settings) -> None:
    """Its forwarder has it."""
    [service] = slot_of(opened(settings.stacks, "ocr", "prod")).model["services"].values()
    assert service["networks"]["seisei-odoo-network"] is None
    assert "ports" not in service


def test_names_by_which_others_call_released_services_are_kept_on_both_networks(
    settings: Settings,
) -> None:
    for name, stack in KEPT_NAMES.items():
        lines = every_stack(settings.stacks).find(stack).environments["prod"].known_as
        assert {(one.name, one.network) for one in lines} == {
            (name, network) for network in ("edge", "seisei-odoo-network")
        }


def test_the_port_of_the_host_by_which_others_call_ocr_is_kept(settings: Settings) -> None:
    """As the compose file publishes it."""
    ocr = opened(settings.stacks, "ocr", "prod")
    assert [(line.shown, inside) for line, inside in ocr.kept_ports] == [("8180", 8080)]
    assert [*published_faults(ocr.model(), ocr.kept_ports)] == []


def test_whoever_calls_ocr_is_on_a_network_where_its_name_is_kept(settings: Settings) -> None:
    ocr, odoo = (opened(settings.stacks, one, "prod") for one in ("ocr", "odoo18"))
    address = odoo.model()["services"]["web"]["environment"]["OCR_SERVICE_URL"]
    assert address == "http://ocr-service:8080"
    assert {one.network for one in ocr.config.known_as} & networks_of(odoo, "web")


def test_odoo_has_both_ports_behind_one_switch_and_a_cookie(settings: Settings) -> None:
    for name in ("staging", "prod"):
        routed = opened(settings.stacks, "odoo18", name).routed
        assert {(one.path, one.service.name, one.port) for one in routed} == {
            ("/", "web", 8069),
            ("/websocket", "web", 8072),
            ("/longpolling", "web", 8072),
            ("/qr", "qr-nginx", 80),
        }
        assert [one.path for one in routed if one.sticky] == ["/"]


def test_each_tenant_of_odoo_is_found_saved_and_updated(settings: Settings) -> None:
    stack = every_stack(settings.stacks).find("odoo18")
    [tenants], [updates] = stack.databases, stack.migrations
    assert of_sql(tenants).pattern == "*"
    assert (updates.database, *stack.state.databases) == (tenants.name, tenants.name)
    assert isinstance(updates, CommandMigration)
    assert any("$TIDEGATE_DATABASE" in word for word in updates.up)


def test_a_migration_of_biznexus_on_a_copy_cannot_reach_its_real_database(
    settings: Settings,
) -> None:
    env = opened(settings.stacks, "biznexus", "prod")
    [main] = env.stack.databases
    address = env.logins(main)["DATABASE_URL"]
    assert of_sql(main).url_key == "DATABASE_URL"
    assert env.values["POSTGRES_PASSWORD"] in address


def test_the_readme_has_a_row_for_each_stack_and_names_each_file() -> None:
    page = (SEEDS / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| \[([a-z0-9-]+)\]\(stacks/\1\) \| (.+)$", page, re.MULTILINE))
    listed = dict(re.findall(r"^\| ([a-z0-9-]+) \| (`.+`) \|$", page, re.MULTILINE))
    assert sorted(told) == sorted(listed) == NAMES
    for name, files in listed.items():
        folder = SEEDS / "stacks" / name
        assert re.findall(r"`([^`]+)`", files) == sorted(
            file.relative_to(folder).as_posix()
            for file in folder.rglob("*")
            if file.is_file() and is_kept(file)
        )


def is_kept(file: Path) -> bool:
    """Not a person's own env file, which .gitignore leaves out."""
    return not file.name.startswith(".env") or file.suffix == ".example"


def test_no_example_holds_a_secret() -> None:
    """Whatever looks like one is a placeholder."""
    for example in SEEDS.rglob(".env.*.example"):
        for line in example.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if re.search(r"PASSWORD|SECRET|KEY\b|TOKEN", key) and not key.startswith("#"):
                assert value == PLACEHOLDER, (example, line)
