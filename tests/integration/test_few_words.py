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
from tidegate.stack.few_words import worded
from tidegate.stack.unread import stand_ins_of
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


def test_a_default_stands_where_compose_takes_a_few_words(file: Path) -> None:
    file.write_text(
        "services:\n  web: {image: a, cgroup: '${A:-host}', pull_policy: '${B-build}'}\n"
        "volumes: {v: {external: '${D:-yes}'}, w: {external: '${E:-no}'}}\n"
    )
    written = COMPOSE.as_written([file], "demo")
    web = written["services"]["web"]
    assert (web["cgroup"], web["pull_policy"]) == ("host", "build")
    assert names(written) == {"A", "B", "D", "E"}
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


def test_paths_and_further_files_are_those_of_the_team_s_folder(file: Path) -> None:
    folder = file.parent
    (folder / "db").mkdir()
    (folder / "db" / "compose.yaml").write_text(
        "services: {db: {image: mysql, volumes: ['./data:/data']}}\n"
    )
    (folder / "base.yaml").write_text("services: {base: {build: ./src, volumes: ['${REL}:/x']}}\n")
    later = folder / "ops" / "compose.prod.yaml"
    later.parent.mkdir()
    later.write_text("services: {web: {pull_policy: '${P}', env_file: [web.env]}}\n")
    file.write_text(
        "include: [db/compose.yaml, {path: db/compose.yaml, env_file: /dev/null}]\n"
        "services: {web: {extends: {file: base.yaml, service: base}, cgroup: '${C}'}}\n"
    )
    services = COMPOSE.as_written([file, later], "demo")["services"]
    assert names(services["web"]) == {"C", "P", "REL"}
    assert services["web"]["build"]["context"] == f"{folder}/src"
    assert services["web"]["volumes"][0]["source"] == "${REL}"
    assert services["web"]["env_file"][0]["path"] == f"{folder}/web.env"
    assert services["db"]["volumes"][0]["source"] == f"{folder}/db/data"


def test_in_a_file_that_is_included_it_is_refused_as_by_compose(file: Path) -> None:
    file.with_name("db.yaml").write_text("services: {db: {image: b, cgroup: '${C}'}}\n")
    file.write_text("include: [db.yaml]\nservices: {web: {image: a, pull_policy: '${P}'}}\n")
    with pytest.raises(StackFileError, match="Correct the compose file"):
        COMPOSE.as_written([file], "demo")


def test_a_service_needs_what_the_one_that_it_extends_needs(file: Path) -> None:
    file.write_text(
        "services:\n  base: {image: a, cgroup: '${A}', pull_policy: '${B}'}\n"
        "  web: {extends: base, pull_policy: always}\n"
        "  job: {extends: {service: web}}\n"
    )
    assert missing_values([file], {}, "demo", (), ["base"]) == {"A"}
    services = COMPOSE.as_written([file], "demo")["services"]
    assert {name: names(one) for name, one in services.items()} == {
        "base": {"A", "B"},
        "web": {"A"},
        "job": {"A"},
    }


def test_all_else_of_the_text_stays_as_it_is(file: Path) -> None:
    file.write_bytes(
        "\ufeffservices:\r\n  web: {image: a, ports: [8025:25], labels: {note: '🚢 ß', at: 12:30}, "
        "cgroup: '${X}', gpus: \"${Y}\"} # ${Z}\r\n---\r\nservices:\r\n  web:\r\n"
        "    pull_policy: ${P}   # late\r\n".encode()
    )
    web = COMPOSE.as_written([file], "demo")["services"]["web"]
    assert names(web) == {"X", "Y", "P"}
    assert web["labels"] == {"note": "🚢 ß", "at": "12:30"}
    assert [(one["published"], one["target"]) for one in web["ports"]] == [("8025", 25)]


def test_what_brings_in_the_same_again_and_again_is_looked_at_once(file: Path) -> None:
    lines = [
        f"x-{n}: &a{n} {{<<: [*a{n - 1}, *b{n - 1}]}}\nx-b{n}: &b{n} {{<<: [*b{n - 1}, *a{n - 1}]}}"
        for n in range(1, 40)
    ]
    file.write_text(
        "\n".join(
            [
                "x-0: &a0 {image: a, cgroup: '${X}'}",
                "x-b0: &b0 {pull_policy: '${Y}'}",
                *lines,
                "services: {web: {<<: *a39}}",
            ]
        )
    )
    text, aside = worded(file.read_text())
    assert {one.text for one in aside} == {"${X}", "${Y}"}
    assert "cgroup: private" in text


def test_an_own_key_that_begins_like_ours_is_read(file: Path) -> None:
    file.write_text(
        "x-tidegate-note: hello\nservices: {web: {image: a, x-tidegate-gpus: {by: me}}}\n"
    )
    assert COMPOSE.as_written([file], "demo")["services"]["web"]["x-tidegate-gpus"] == {"by": "me"}


def test_a_key_of_that_name_elsewhere_says_nothing_of_a_variable(file: Path) -> None:
    file.write_text(
        "services:\n  web: {image: nginx, environment: {type: '${P}'}, ports: ['${P}:80']}\n"
        "  left: {image: x, gpus: '${G}'}\n"
    )
    written = COMPOSE.as_written([file], "demo")
    assert stand_ins_of(written, {"P", "G"}) == {"P": "1", "G": "all"}
    assert COMPOSE.read([file], {"P": "5"}, "demo", (), ["left"])["services"]["web"]["ports"]


DEEP = "[" * 60_000 + "]" * 60_000


@pytest.mark.parametrize(
    "text",
    [
        f"services: {{web: {{image: a, cgroup: '${{X}}', command: {DEEP}}}}}\n",
        "services: {web: {image: a, cgroup: &c '${X}', command: *c}}\n",
        "x-a: &a {<<: &b {<<: *a, image: c}}\nservices: {web: {<<: *a, cgroup: '${X}', gpus: [}\n",
        "x-a: &a {b: &b {<<: *a}, <<: *b}\nservices: {web: {<<: *a, cgroup: '${X}'}}\n",
        "services: {web: {image: a, cgroup: [}\n",
        "include: ['${F}']\nservices: {web: {image: a}}\n",
        "services: {web: {image: a, depends_on: {db: {condition: service_${X}}}}}\n"
        + "#" * 600_000,
    ],
)
def test_what_is_not_ours_to_judge_is_refused_as_by_compose(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(StackFileError, match="Correct the compose file"):
        COMPOSE.as_written([file], "demo")


def test_a_file_that_nobody_may_read_is_refused(file: Path) -> None:
    file.mkdir()
    with pytest.raises(StackFileError, match="Correct the compose file"):
        COMPOSE.as_written([file], "demo")


def test_another_fault_is_told_by_the_path_of_the_team_s_file(file: Path) -> None:
    file.write_text("services: {web: {image: a, cgroup: '${A}', ports: 5}}\n")
    with pytest.raises(StackFileError, match=f"{file}: services.web.ports must be a array"):
        COMPOSE.as_written([file], "demo")
