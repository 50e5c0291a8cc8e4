"""Keys that a compose file takes from the env file by their names alone."""

from __future__ import annotations

from pathlib import Path

from tests.integration.checked_stacks import *  # noqa: F403
from tests.integration.checked_stacks import change, found
from tests.integration.newcomers import Newcomer, cloned
from tests.integration.newcomers import begun as begun_in


def test_a_key_without_a_value_is_a_risk_and_a_secret_without_one_a_fault(folder: Path) -> None:
    compose = folder / "ant" / "compose.yaml"
    change(compose, ('{TOKEN: "${TOKEN}", ', '{TOKEN: "${TOKEN}", VAULT_KEY: , '))
    with compose.open("a") as file:
        file.write("    secrets: [pg]\nsecrets: {pg: {environment: PG_SECRET}}\n")
    told = [(one["kind"], one["line"], one["came_back"], one["to_do"]) for one in found(folder)]
    assert told == [
        (
            "fault",
            8,
            "secrets.pg.environment: the env file has no PG_SECRET",
            "Correct the compose files, or stack.yaml",
        ),
        (
            "risk",
            6,
            "services.web.environment.VAULT_KEY: it has no value, so web is not given it",
            "Give VAULT_KEY a value in .env, or take it out of the compose file",
        ),
    ]
    (folder / "ant" / ".env").write_text("GREETING=x\nPG_SECRET=a-long-one-7\nVAULT_KEY=b\n")
    assert found(folder) == []


def test_what_no_reason_can_allow_is_not_said_to_be_allowed(folder: Path) -> None:
    compose = folder / "ant" / "compose.yaml"
    change(compose, ("    build: .\n", "    build: .\n    network_mode: host\n"))
    [one] = found(folder, "ant")
    assert "so it cannot run beside the version that serves; give it networks" in one["came_back"]


def test_the_key_of_an_application_may_be_neither_missing_nor_empty(tmp_path: Path) -> None:
    compose = "services: {web: {image: 'acme/web:1.0', ports: ['80:80'], env_file: .env}}\n"
    files = {"compose.yaml": compose, ".env.example": "APP_KEY=\nMODE=fast\n"}
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    begun_in(clone)
    env = clone / ".env.staging"
    for text, said in (("MODE=fast\n", "is missing"), ("APP_KEY=\n", "is empty")):
        env.write_text(text)
        told = [one["came_back"] for one in found(clone) if one["kind"] == "fault"]
        assert told == [f"APP_KEY: {said}"]
