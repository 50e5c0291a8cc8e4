"""Values that a compose file asks for: of what is read, each must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tasks.frame.adapters import missing_values
from tidegate.errors import ConfigError

COMPOSE = Compose(DockerHost())
LEFT_OUT = """
services:
  web:
    image: nginx
    ports: ["${WEB_PORT:?which}:80"]
    environment: {PRICE: "5$$", LEVEL: "${LEVEL-}"}
  proxy:
    image: traefik
    command: --acme.email=${ACME_EMAIL}
    env_file: proxy.env
    ports: ["${PROXY_PORT:?which}:80"]
  mail: {profiles: [tools], image: mail, environment: {KEY: "${MAIL_KEY}"}, env_file: mail.env}
"""
WEB = "services:\n  web: {image: nginx, ports: ['${WEB_PORT:?which}:80']}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "compose.yaml"


def test_what_is_left_out_or_not_asked_for_needs_no_value(file: Path) -> None:
    file.write_text(LEFT_OUT)
    values = {"WEB_PORT": "80", "PROXY_PORT": ""}
    for own in ((), (str(file.parent / "mail.env"),)):
        model = COMPOSE.read([file], values, "demo", own, ["proxy"])
        assert model["services"]["web"]["environment"] == {"PRICE": "5$", "LEVEL": ""}
        assert "mail" not in model["services"]
        assert missing_values([file], values, "demo", own, ["proxy"]) == set()


@pytest.mark.parametrize(
    "line",
    [
        "volumes: ['${X:?}:/data']",
        "volumes: ['${X}:/data', '${Y}:/more:ro']",
        "volumes: ['$X:/data']",
        "volumes: [{type: bind, source: '${X:?}', target: /data}]",
        "volumes: ['data:${X}']",
        "volumes: [acme:/acme]",
        "tmpfs: ['${X}']",
        "devices: ['${X}:/dev/x']",
        "ports: ['${X}:8025:8025']",
        "ports: ['${X}:${Y}:8025']",
        "ports: ['${X}:8025']",
        "ports: ['127.0.0.1:${X}-${X}:25']",
        "ports: [{target: 80, published: '${X}', host_ip: 127.0.0.1}]",
        "healthcheck: {test: [CMD, x], interval: '${X}', retries: '${Y}'}",
        "stop_grace_period: '${X:?}'",
        "privileged: '${X}'",
        "mem_limit: '${X}'",
        "cpus: '${X}'",
        "deploy: {replicas: '${X}', resources: {limits: {memory: '${Y}'}}}",
        "restart: '${X}'",
        "networks: [public]",
        "secrets: [key]",
        "build: '${X:?}'",
        "user: '${X}:${Y}'",
    ],
)
def test_whatever_it_asks_a_value_for(file: Path, line: str) -> None:
    parts = "networks: {public: {name: '${N:?}'}}\nvolumes: {acme: {name: '${V:?}'}, data: }\n"
    parts += "secrets: {key: {file: '${S:?}'}}\nx-mail: {a: '${M:?}'}\n"
    unread = f"  left: {{image: x, {line}}}\n  unasked: {{image: x, profiles: [tools], {line}}}\n"
    file.write_text(WEB + unread + parts)
    read = COMPOSE.read([file], {"WEB_PORT": "80"}, "demo", (), ["left"])
    assert read["services"]["web"]["ports"][0]["published"] == "80"
    assert missing_values([file], {}, "demo", (), ["left"]) == {"WEB_PORT"}


def test_what_a_released_service_asks_for_shows_none_of_the_others(file: Path) -> None:
    web = WEB.replace("image: nginx", "image: nginx, stop_grace_period: '${GRACE:?}'")
    file.write_text(f"{web}  left: {{image: x, environment: {{KEY: '${{KEY}}'}}}}\n")
    missing = missing_values([file], {"WEB_PORT": ""}, "demo", (), ["left"])
    assert missing == {"GRACE", "WEB_PORT"}


def test_where_only_values_make_it_a_compose_file_what_compose_says_counts(file: Path) -> None:
    file.write_text(WEB.replace("image: nginx", "image: nginx, pull_policy: '${PULL}'"))
    with pytest.raises(ConfigError, match=r"no value for WEB_PORT[.]"):
        COMPOSE.read([file], {"PULL": "always"}, "demo", (), ["left"])
    values = {"PULL": "always", "WEB_PORT": "80"}
    assert COMPOSE.read([file], values, "demo")["services"]["web"]["pull_policy"] == "always"


def test_what_a_later_file_replaces_is_named_with_the_others(file: Path) -> None:
    """Compose itself reads no file without it."""
    later = file.with_name("compose.prod.yaml")
    file.write_text(WEB.replace("image: nginx", "image: nginx, hostname: '${OLD:?}'"))
    later.write_text("services: {web: {hostname: new}}")
    with pytest.raises(ConfigError, match=r"no value for OLD, WEB_PORT[.]"):
        COMPOSE.read([file, later], {}, "demo")
    with pytest.raises(ConfigError, match=r"no value for OLD[.]"):
        COMPOSE.read([file, later], {"WEB_PORT": "80"}, "demo")


@pytest.mark.parametrize(
    ("values", "left_out", "missing"),
    [
        ({}, ["proxy"], {"WEB_PORT"}),
        ({"COMPOSE_PROFILES": "tools"}, ["proxy"], {"WEB_PORT", "MAIL_KEY"}),
        ({"WEB_PORT": "80"}, [], {"ACME_EMAIL", "PROXY_PORT"}),
        ({"WEB_PORT": "", "LEVEL": ""}, ["proxy"], {"WEB_PORT"}),
    ],
)
def test_what_is_needed_and_missing_is_named_at_once(
    file: Path, values: dict[str, str], left_out: list[str], missing: set[str]
) -> None:
    file.write_text(LEFT_OUT)
    for name in ("proxy.env", "mail.env"):
        file.with_name(name).write_text("")
    assert missing_values([file], values, "demo", (), left_out) == missing
    with pytest.raises(ConfigError, match=f"no value for {', '.join(sorted(missing))}[.]"):
        COMPOSE.read([file], values, "demo", (), left_out)


def test_what_the_env_file_of_an_include_gives_is_not_missing(file: Path) -> None:
    (file.parent / "shared").mkdir()
    (file.parent / "shared" / "db.env").write_text("DB_PORT=5432\n")
    (file.parent / "shared" / "compose.yaml").write_text(
        "services:\n  db: {image: mysql, ports: ['${DB_PORT:?which}:5432'], hostname: '${HOST}'}\n"
    )
    file.write_text("include: [{path: shared/compose.yaml, env_file: shared/db.env}]\n" + WEB)
    assert missing_values([file], {"WEB_PORT": "80"}, "demo") == {"HOST"}
    assert missing_values([file], {"WEB_PORT": "80", "HOST": "a"}, "demo") == set()


def test_no_stand_in_comes_into_what_is_read(file: Path) -> None:
    web = (
        "{image: 'acme/web:${TAG:-7}', environment: {LEVEL: '${LEVEL:-info}', MODE: '${MODE+on}'}}"
    )
    tools = (
        '{profiles: [tools], image: acme/tools, environment: ["L=${LEVEL}", "M=${MODE}"], PORTS}'
    )
    compose = f"services:\n  web: {web}\n  tools: {tools}\n"
    file.write_text(compose.replace("PORTS", "ports: ['${PORT}:80']"))
    model = COMPOSE.read([file], {}, "demo")
    assert model["services"]["web"]["image"] == "acme/web:7"
    assert model["services"]["web"]["environment"]["LEVEL"] == "info"
    assert "MODE" not in {k: v for k, v in model["services"]["web"]["environment"].items() if v}
    file.write_text(compose.replace("PORTS", "ports: ['${TAG:?}:80']"))
    with pytest.raises(ConfigError, match="no value for LEVEL, MODE, TAG"):
        COMPOSE.read([file], {}, "demo")
