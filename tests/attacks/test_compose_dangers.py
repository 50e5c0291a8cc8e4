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
HEAD = "services:\n  agent:\n    image: acme/agent:1\n"


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


DANGEROUS: list[tuple[str, str]] = [
    ("privileged: true", "privileged"),
    ("post_start: [{command: id, privileged: true}]", "privileged"),
    ("pre_stop: [{command: id, privileged: true}]", "privileged"),
    ("pid: host", "host-processes"),
    ("pid: 'container:other'", "host-processes"),
    ("ipc: host", "host-ipc"),
    ("ipc: 'container:other'", "host-ipc"),
    ("network_mode: host", "host-network"),
    ("network_mode: 'container:x'", "host-network"),
    ("network_mode: 'ns:/proc/1/ns/net'", "host-network"),
    ("network_mode: mill-prod_default", "host-network"),
    ("network_mode: 0-tidegate-edge", "host-network"),
    ("oom_score_adj: -900", "host-memory"),
    ("userns_mode: host", "host-users"),
    ("uts: host", "host-name"),
    ("cgroup: host", "host-cgroup"),
    ("cgroup_parent: /", "host-cgroup"),
    ("oom_kill_disable: true", "host-memory"),
    *(
        (f"cap_add: [{name}]", "capabilities")
        for name in (
            "ALL",
            "all",
            "SYS_ADMIN",
            "cap_sys_admin",
            "SYS_PTRACE",
            "NET_ADMIN",
            "SYS_MODULE",
            "DAC_READ_SEARCH",
            "BPF",
            "SYS_RAWIO",
        )
    ),
    ("devices: ['/dev/sda:/dev/sda']", "devices"),
    ("devices: [{source: /dev/mem, target: /dev/mem}]", "devices"),
    ("devices: [vendor.example/disk=all]", "devices"),
    ("device_cgroup_rules: ['a *:* rwm']", "devices"),
    (
        "deploy: {resources: {reservations: {devices: [{capabilities: [disk], count: 1}]}}}",
        "devices",
    ),
    *(
        (f"security_opt: ['{option}']", "security-options")
        for option in (
            "seccomp:unconfined",
            "seccomp=unconfined",
            "apparmor:unconfined",
            "apparmor=unconfined",
            "label:disable",
            "label=disable",
            "systempaths=unconfined",
            "no-new-privileges:false",
            "seccomp=./mine.json",
        )
    ),
    ("runtime: other", "runtime"),
    ("sysctls: {kernel.core_pattern: '|/x'}", "sysctls"),
    ("sysctls: ['vm.overcommit=1']", "sysctls"),
    ("use_api_socket: true", "engine-socket"),
    ("volumes: ['/var/run/docker.sock:/x']", "engine-socket"),
    ("volumes: ['/run/docker.sock:/x:ro']", "engine-socket"),
    ("volumes: ['/run/containerd/containerd.sock:/x']", "engine-socket"),
    (
        "volumes: [{type: bind, source: /opt/../var/run/docker.sock, target: /x, read_only: true}]",
        "engine-socket",
    ),
    ("volumes: ['./docker.sock:/x']", "engine-socket"),
    *(
        (f"volumes: ['{path}:/x:ro']", "host-files")
        for path in (
            "/",
            "//",
            "/./",
            "/etc",
            "/etc/passwd",
            "/root",
            "/var",
            "/var/run",
            "/run",
            "/proc",
            "/sys",
            "/dev",
            "/home",
            "/boot",
            "/usr",
            "/var/lib/docker",
            "/opt/../etc",
            "~/.ssh",
            "..",
            "../..",
            "../mill",
            "../../home",
            "/tmp",
        )
    ),
    ("volumes: ['/etc/ssl/certs:/x']", "host-files"),
    ("volumes: [{type: bind, source: ., target: /x, bind: {propagation: rshared}}]", "host-files"),
    ("volumes: [{type: npipe, source: '/engine', target: /x}]", "host-files"),
    ("volumes_from: ['container:other']", "volumes-from"),
    ("env_file: /etc/os-release", "host-files"),
    ("env_file: [{path: ../mill/.env, required: false}]", "host-files"),
    ("env_file: [{path: '${ETC}/none', required: false}]", "host-files"),
    ("label_file: /etc/os-release", "host-files"),
    ("build: {context: ., privileged: true}", "build-privileges"),
    ("build: {context: ., network: host}", "build-privileges"),
    ("build: {context: ., entitlements: [security.insecure]}", "build-privileges"),
    ("build: {context: ., ssh: [default]}", "build-privileges"),
    ("build: {context: ., secrets: [one]}\nsecrets:\n  one: {file: ./e.env}", "build-privileges"),
    ("build: {context: ., network: shop-prod_default}", "build-privileges"),
    ("provider: {type: sh}", "unknown-setting"),
    ("credential_spec: {file: x.json}", "unknown-setting"),
    ("isolation: process", "unknown-setting"),
    *(
        (f"volumes: ['data:/x']\nvolumes:\n  data: {{driver_opts: {{{options}}}}}", setting)
        for options, setting in (
            ("type: none, o: bind, device: /", "host-files"),
            ("type: none, o: 'ro,bind', device: /etc", "host-files"),
            ("type: nfs, o: bind, device: /", "host-files"),
            ("type: tmpfs, o: 'bind', device: /root", "host-files"),
            ("type: none, o: rbind, device: /var/run/docker.sock", "engine-socket"),
            ("type: ext4, device: /dev/sda1", "host-files"),
            (
                "type: overlay, device: overlay, o: 'lowerdir=/,upperdir=/tmp/u,workdir=/tmp/w'",
                "host-files",
            ),
            ("type: none, o: bind, device: '../..'", "host-files"),
        )
    ),
    (
        "networks: [lan]\nnetworks:\n  lan: {driver: macvlan, driver_opts: {parent: eth0}}",
        "host-network",
    ),
    ("networks: [lan]\nnetworks:\n  lan: {name: host, external: true}", "host-network"),
    (
        "volumes: ['data:/x']\nvolumes:\n  data: {driver: other, driver_opts: {mountpoint: /}}",
        "host-files",
    ),
    *(
        (
            f"networks: [theirs]\nnetworks:\n  theirs: {{name: {name}, external: true}}",
            "other-environment",
        )
        for name in (
            "mill-prod_default",
            "shop-staging_default",
            "mill-prod-7_tidegate-slot",
            "shop-prod-x-dev_y",
        )
    ),
    ("networks: [theirs]\nnetworks:\n  theirs: {name: mill-prod_default}", "other-environment"),
    (
        "volumes: ['data:/x:ro']\nvolumes:\n  data: {name: mill-prod_db, external: true}",
        "other-environment",
    ),
    ("volumes: ['data:/x']\nvolumes:\n  data: {name: shop-staging_db}", "other-environment"),
    ("configs: [one]\nconfigs:\n  one: {file: /etc/shadow}", "host-files"),
    ("secrets: [{source: one}]\nsecrets:\n  one: {file: ../mill/.env.production}", "host-files"),
]


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


@pytest.mark.parametrize(
    "harmless",
    [
        "volumes: ['./config/app.conf:/etc/app.conf:ro', data:/data]\nvolumes:\n  data:",
        "volumes: ['/etc/localtime:/etc/localtime:ro']",
        "volumes: ['/etc/ssl/certs:/etc/ssl/certs:ro']",
        "volumes: ['/srv/shop/files:/files']",
        "cap_add: [NET_BIND_SERVICE, SYS_NICE]",
        "cap_drop: [ALL]",
        "security_opt: ['no-new-privileges:true']",
        "pid: 'service:other'\n  other: {image: x}",
        "ipc: shareable",
        "networks: [own, team]\nnetworks:\n  own:\n  team: {name: team_shared, external: true}",
        "volumes: ['own:/x']\nvolumes:\n  own: {name: shop-prod_own, external: true}",
        "oom_score_adj: 500",
        "network_mode: none",
        "sysctls: {net.core.somaxconn: 1024}",
        "gpus: all",
        "runtime: runc",
        "privileged: false",
        "deploy: {resources: {limits: {memory: 1G}, reservations: {devices: [{capabilities: [gpu], count: 1}]}}}",
        "env_file: e.env",
        "secrets: [one]\nsecrets:\n  one: {file: ./e.env}",
        "build: {context: ., target: x, args: {A: b}}",
        "volumes: ['data:/x']\nvolumes:\n  data: {driver_opts: {type: nfs, o: 'addr=nas.example,rw', device: ':/shop'}}",
        "volumes: ['data:/x']\nvolumes:\n  data: {driver_opts: {type: none, o: bind, device: /srv/shop/data}}",
        "healthcheck: {test: [CMD, x]}\n    restart: always\n    ulimits: {nofile: 1024}\n    logging: {driver: json-file}",
    ],
    ids=range(24),
)
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
            in page
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
