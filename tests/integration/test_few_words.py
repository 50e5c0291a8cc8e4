"""Compose files with a variable where Compose takes a few words only are read before it has a
value."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tasks.frame.adapters import missing_values
from tidegate.errors import ConfigError, StackFileError
from tidegate.facts import ComposeModel
from tidegate.stack.variables import variables_in

COMPOSE = Compose(DockerHost())
DB = "  db: {image: mysql, environment: {type: '${KIND-}', condition: '${STATE-}'}}\n"
PLACES = {
    "ulimits: {nofile: '${X}', nproc: 5}": "1024",
    "ulimits: {nofile: '${X}', nproc: {soft: '${X}', hard: 9}}": "1024",
    "depends_on: {db: {condition: '${X}'}}": "service_healthy",
    "depends_on: {db: {condition: 'service_${X}'}}": "started",
    "volumes: [{type: '${X}', source: /a, target: /b}]": "bind",
    "volumes: [{type: bind, source: /a, target: /b, bind: {recursive: '${X}'}}]": "readonly",
    "volumes: [{type: bind, source: /a, target: /b, bind: {selinux: '${X}'}}]": "Z",
    "gpus: '${X}'": "all",
    "cgroup: '${X}'": "host",
    "pull_policy: '${X:?say it}'": "always",
    "deploy: {update_config: {order: '${X}'}, rollback_config: {order: '${X}'}}": "start-first",
    "develop: {watch: [{path: ., action: '${X}'}]}": "rebuild",
    "ports: [{target: 80, host_ip: $X}]": "127.0.0.1",
    "volumes: ['data:/a']}\nvolumes: {data: {external: '${X}'}": "yes",
    "volumes: ['data:/a']}\nvolumes: {data: {external: '${X}', driver: local}": "false",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "compose.yaml"


def names(model: ComposeModel) -> set[str]:
    return {one.name for one in variables_in(model)}


@pytest.mark.parametrize("line", PLACES)
def test_its_variable_is_told_like_any_other(file: Path, line: str) -> None:
    file.write_text(f"services:\n{DB}  web: {{image: 'acme:${{TAG:-7}}', {line}}}\n")
    written = COMPOSE.as_written([file], "demo")
    assert names(written) == {"KIND", "STATE", "TAG", "X"}
    assert written["services"]["web"]["image"] == "acme:${TAG:-7}"
    assert written["services"]["db"]["environment"] == {
        "type": "${KIND-}",
        "condition": "${STATE-}",
    }
    assert missing_values([file], {}, "demo") == {"X"}
    assert missing_values([file], {"X": PLACES[line]}, "demo") == set()
    with pytest.raises(ConfigError, match=r"no value for X[.]"):
        COMPOSE.read([file], {}, "demo")
    model = COMPOSE.read([file], {"X": PLACES[line]}, "demo", [str(file.parent / "own.env")])
    assert "x-tidegate" not in str(model)


@pytest.mark.parametrize("line", [one for one in PLACES if "}\n" not in one and "_$" not in one])
def test_what_is_left_out_or_not_asked_for_needs_none(file: Path, line: str) -> None:
    file.write_text(
        f"services:\n{DB}  web: {{image: nginx, hostname: '${{HOST}}'}}\n"
        f"  left: {{image: x, {line}}}\n  unasked: {{image: x, profiles: [tools], {line}}}\n"
    )
    assert missing_values([file], {}, "demo", (), ["left"]) == {"HOST"}
    read = COMPOSE.read([file], {"HOST": "a"}, "demo", (), ["left"])
    assert read["services"]["web"]["hostname"] == "a"


def test_a_value_and_a_default_stand_where_compose_takes_a_few_words(file: Path) -> None:
    file.write_text(
        "services:\n  web: {image: a, cgroup: '${A}', pull_policy: '${B:-build}', gpus: '${C}'}\n"
        "volumes: {v: {external: '${D}'}, w: {external: '${E:-no}'}}\n"
    )
    written = COMPOSE.as_written([file], "demo", {"A": "host", "D": "on"})
    web = written["services"]["web"]
    assert (web["cgroup"], web["pull_policy"]) == ("host", "build")
    assert names(written) == {"A", "B", "C", "D", "E"}
    assert written["volumes"]["v"]["external"] is True
    assert not written["volumes"]["w"].get("external")


def test_several_files_anchors_and_resets_mean_what_they_mean(file: Path) -> None:
    later = file.with_name("compose.prod.yaml")
    file.write_text(
        "x-base: &base {image: acme, build: ./web, cgroup: '${A}', ports: ['80:80', '90:90'],\n"
        "  ulimits: &limits {nofile: '${N}'}, environment: &e {type: '${T}'}}\n"
        "services:\n"
        "  web: {<<: *base, cgroup: host, environment: {<<: *e, B: '$${B}'}}\n"
        "  job: {<<: *base, ports: [], profiles: [jobs]}\n"
        "  more: {image: b, ulimits: *limits, command: &c '${X}', hostname: *c}\n"
    )
    later.write_text(
        "services:\n  web: {ports: !override ['${PORT}:80'], build: !reset null, "
        "pull_policy: '${P}', ulimits: {nofile: 5}}\n"
    )
    services = COMPOSE.as_written([file, later], "demo")["services"]
    assert "build" not in services["web"]
    assert services["job"]["build"]
    assert (services["web"]["cgroup"], services["web"]["ulimits"]["nofile"]) == ("host", 5)
    assert services["web"]["environment"] == {"type": "${T}", "B": "$${B}"}
    assert services["web"]["ports"] == ["${PORT}:80"]
    assert names(services["web"]) == {"P", "PORT", "T"}
    assert names(services["job"]) == {"A", "N", "T"}
    assert names(services["more"]) == {"N", "X"}
    assert services["more"]["hostname"] == "${X}"


def test_what_is_included_and_extended_is_read_where_it_lies(file: Path) -> None:
    folder = file.parent
    (folder / "db" / "more").mkdir(parents=True)
    (folder / "common").mkdir()
    (folder / "db.env").write_text("CGROUP=host\n")
    (folder / "db" / "compose.yaml").write_text(
        "include: [more/compose.yaml]\n"
        "services: {db: {image: mysql, cgroup: '${CGROUP}', volumes: ['./data:/data']}}\n"
    )
    (folder / "db" / "more" / "compose.yaml").write_text(
        "services: {more: {image: b, gpus: '${GPUS}', volumes: ['../up:/up']}}\n"
    )
    (folder / "common" / "base.yaml").write_text(
        "services:\n  base: {extends: {file: ../first.yaml, service: first}, build: ./src}\n"
    )
    (folder / "first.yaml").write_text(
        "services: {first: {ulimits: {nofile: '${N}'}, volumes: ['${DATA}:/d', '${REL:-./x}:/x']}}"
    )
    file.write_text(
        f"include: ['${{DB:-db}}/compose.yaml', {{path: {folder}/inc.yaml, env_file: db.env, "
        "project_directory: common}]\n"
        "services: {web: {extends: {file: common/base.yaml, service: base}}}\n"
    )
    (folder / "inc.yaml").write_text(
        "services: {inc: {image: i, cgroup: '${CGROUP}', build: src}}\n"
    )
    model = COMPOSE.as_written([file], "demo")
    services = model["services"]
    assert {name: names(one) for name, one in services.items()} == {
        "db": {"CGROUP"},
        "more": {"GPUS"},
        "inc": {"CGROUP"},
        "web": {"N", "DATA", "REL"},
    }
    assert services["web"]["build"]["context"] == f"{folder}/common/src"
    assert services["inc"]["build"]["context"] == f"{folder}/common/src"
    assert services["web"]["volumes"][0]["source"] == "${DATA}"
    assert services["db"]["volumes"][0]["source"] == f"{folder}/db/data"
    assert services["more"]["volumes"][0]["source"] == f"{folder}/db/up"
    assert missing_values([file], {"N": "5"}, "demo") == {"CGROUP", "GPUS", "DATA"}


@pytest.mark.parametrize(
    "line",
    ["include: ['${F}']", "include: [{path: ['${F}']}]", "extends: {file: '${F}', service: a}"],
)
def test_a_file_is_named_by_a_value(file: Path, line: str) -> None:
    file.with_name("a.yaml").write_text("services: {a: {image: a}}\n")
    text = "services: {web: {image: b}}\n" + line
    if line.startswith("extends"):
        text = f"services: {{web: {{image: b, {line}}}}}\n"
    file.write_text(text)
    assert "web" in COMPOSE.as_written([file], "demo", {"F": "a.yaml"})["services"]
    with pytest.raises(StackFileError, match=r"`\$\{F\}` names a file .* and has no value"):
        COMPOSE.as_written([file], "demo")
    with pytest.raises(ConfigError, match=r"no value for F[.]"):
        COMPOSE.read([file], {}, "demo")


def test_another_fault_is_told_by_the_path_of_the_team_s_file(file: Path) -> None:
    file.write_text("services: {web: {image: a, cgroup: '${A}', ports: 5}}\n")
    with pytest.raises(StackFileError, match=f"{file}: services.web.ports must be a array"):
        COMPOSE.as_written([file], "demo")
