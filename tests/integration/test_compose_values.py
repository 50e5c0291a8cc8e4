"""Values that a compose file asks for: of what is read, each must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tidegate.errors import ConfigError

COMPOSE = Compose(DockerHost())
LEFT_OUT = """
services:
  web: {image: nginx, ports: ["${WEB_PORT:?which}:80"], environment: {PRICE: "5$$", LEVEL: "${LEVEL-}"}}
  proxy:
    image: traefik
    command: --acme.email=${ACME_EMAIL}
    env_file: proxy.env
    ports: ["${PROXY_PORT:?which}:80"]
  mail: {profiles: [tools], image: mail, environment: {KEY: "${MAIL_KEY}"}, env_file: mail.env}
"""


def test_what_is_left_out_or_not_asked_for_needs_no_value(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(LEFT_OUT)
    for own in ((), (str(tmp_path / ".env"),)):
        model = COMPOSE.read([file], {"WEB_PORT": "80"}, "demo", own, ["proxy"])
        assert model["services"]["web"]["environment"] == {"PRICE": "5$", "LEVEL": ""}
        assert "mail" not in model["services"]


@pytest.mark.parametrize(
    ("values", "left_out", "missing"),
    [
        ({}, ["proxy"], {"WEB_PORT"}),
        ({"COMPOSE_PROFILES": "tools"}, ["proxy"], {"WEB_PORT", "MAIL_KEY"}),
        ({"WEB_PORT": "80"}, [], {"ACME_EMAIL", "PROXY_PORT"}),
    ],
)
def test_what_is_needed_and_missing_is_named_at_once(
    tmp_path: Path, values: dict[str, str], left_out: list[str], missing: set[str]
) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(LEFT_OUT)
    for name in ("proxy.env", "mail.env"):
        (tmp_path / name).write_text("")
    assert COMPOSE.missing_values([file], values, "demo", (), left_out) == missing
    with pytest.raises(ConfigError, match=f"no value for {', '.join(sorted(missing))}[.]"):
        COMPOSE.read([file], values, "demo", (), left_out)
