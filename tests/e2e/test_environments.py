"""A stack that comes while Tidegate runs, with environments and names of its own: a chain, and two
productions after it."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound

from cli.run import images
from control.forms import Forms
from flows.watch import watch
from tests.e2e.in_process import edit_stack, release_here, roll_back_here, run_here
from tests.e2e.releases import ended, start
from tests.installation import SHOP, SUFFIX, Installation, environments_of, remove_stack

GROVE = f"grove{SUFFIX}"
ENVIRONMENTS = ("try", "qa", "prod-eu", "prod-us")
MOST_SECONDS = 90
APP = """
import http.server
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"welcome to the grove, VERSION")
http.server.ThreadingHTTPServer(("", 8000), Answers).serve_forever()
"""
STACK = f"""
name: {GROVE}
title: Grove
source: {{repository: REPOSITORY, build_args: {{BASE: "${{PYTHON_IMAGE}}"}}}}
services: [{{name: web, image: acme/{GROVE}, port: 8000, ready_path: /, stop_grace_seconds: 1}}]
smoke: [{{name: home, path: /, contains: welcome}}]
smoke_repeat_seconds: 0
environments:
  try: {{kind: development, COMMON}}
  qa: {{kind: staging, after: try, COMMON}}
  prod-eu: {{kind: production, after: qa, approval: false, COMMON}}
  prod-us: {{kind: production, after: qa, approval: false, COMMON}}
"""


def git(folder: Path, *words: str) -> None:
    name = ["-c", "user.name=mei", "-c", "user.email=mei@example.com"]
    subprocess.run(
        ["git", "-C", folder, *name, *words], check=True, capture_output=True, timeout=60
    )


def make_repository(folder: Path) -> None:
    folder.mkdir()
    git(folder, "init", "--quiet", "-b", "main")
    for version in ("v1.0.0", "v2.0.0"):
        (folder / "app.py").write_text(APP.replace("VERSION", version))
        (folder / "Dockerfile").write_text(
            'ARG BASE\nFROM $BASE\nCOPY app.py /\nCMD ["python3", "/app.py"]\n'
        )
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "-m", f"Welcome people to {version}")
        git(folder, "tag", version)


def add_grove(tidegate: Installation, repository: Path) -> None:
    """As its team would: a folder, while everything runs."""
    folder = tidegate.settings.stacks / GROVE
    folder.mkdir()
    (folder / "compose.yaml").write_text("services: {web: {image: acme/web}}\n")
    (folder / ".env").write_text(f"PYTHON_IMAGE={images(tidegate.settings.home)['PYTHON_IMAGE']}\n")
    text = STACK.replace("REPOSITORY", str(repository))
    for name in ENVIRONMENTS:
        own = (
            f"compose_files: [compose.yaml], env_file: .env, domains: [{name}.{GROVE}.localhost], "
            f"image_alias: {name}, drain_seconds: 0"
        )
        text = text.replace("COMMON", own, 1)
    (folder / "stack.yaml").write_text(text)


@pytest.fixture(scope="module")
def grove(
    tidegate: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    repository = tmp_path_factory.mktemp("grove") / "repository"
    make_repository(repository)
    remove_stack(GROVE, ENVIRONMENTS)
    add_grove(tidegate, repository)
    file = tidegate.settings.stacks / GROVE / "stack.yaml"
    as_it_was = file.read_text()
    yield tidegate
    file.write_text(as_it_was)
    tidegate.retire(GROVE)


def release(version: str, environment: str) -> str:
    state = release_here(GROVE, version, environment=environment)
    assert state.is_completed(), state.message
    return state.message or ""


def served(grove: Installation) -> dict[str, list[str]]:
    """Environment -> versions that were put there, oldest first."""
    return {
        name: [one.version for one in reversed(grove.history(GROVE, name))] for name in ENVIRONMENTS
    }


def test_a_release_goes_through_the_whole_chain_and_leaves_the_other_production_alone(
    grove: Installation,
) -> None:
    release("v1.0.0", "prod-eu")
    assert served(grove) == {
        "try": ["v1.0.0"],
        "qa": ["v1.0.0"],
        "prod-eu": ["v1.0.0"],
        "prod-us": [],
    }
    assert "welcome to the grove, v1.0.0" in grove.get(f"prod-eu.{GROVE}.localhost", "/").text
    assert (
        len(
            {
                tuple(one.release.images.items())
                for name in ENVIRONMENTS
                for one in grove.history(GROVE, name)
            }
        )
        == 1
    )


def test_what_serves_on_the_way_already_is_not_deployed_again(grove: Installation) -> None:
    release("v1.0.0", "prod-us")
    assert served(grove) == {name: ["v1.0.0"] for name in ENVIRONMENTS}


@pytest.mark.crash_only(
    "tests/unit/test_environments.py; tests/flows/stories.py: by way of staging"
)
def test_what_is_done_follows_from_the_kind(grove: Installation) -> None:
    release("v2.0.0", "prod-us")
    ledger = grove.ledger

    def evidence(name: str, step: str) -> Any:
        newest = grove.history(GROVE, name)[0]
        return next(
            (row.evidence for row in ledger.journal.steps(newest.id) if row.name == step), None
        )

    rehearsed = {
        name: evidence(name, "rehearse-rollback")["rehearsed"]
        for name in ENVIRONMENTS
        if name != "prod-eu"
    }
    saved = {name: evidence(name, "back-up")["made"] for name in ENVIRONMENTS if name != "prod-eu"}
    assert rehearsed == {"try": False, "qa": True, "prod-us": False}
    assert saved == {"try": False, "qa": False, "prod-us": True}
    assert served(grove)["prod-eu"] == ["v1.0.0"]


def test_the_minute_looks_at_every_production_and_at_nothing_else(grove: Installation) -> None:
    state = run_here(watch, stack=GROVE)
    assert state.is_completed(), state.message
    remembered = (grove.settings.home / "watch").glob(f"{GROVE}_*.json")
    assert {one.stem.removeprefix(f"{GROVE}_") for one in remembered} == {"prod-eu", "prod-us"}


def form_of(name: str) -> DeploymentResponse | None:
    with get_client(sync_client=True) as client:
        try:
            return client.read_deployment_by_name(name)
        except ObjectNotFound:
            return None


def lists_of(name: str) -> dict[str, list[str]]:
    found = form_of(name)
    fields = found.parameter_openapi_schema["properties"] if found else {}  # type: ignore[index]
    return {
        field: fields[field].get("enum", [])
        for field in ("stack", "environment")
        if field in fields
    }


def test_the_forms_list_a_new_environment_without_a_restart(grove: Installation) -> None:
    until = time.monotonic() + MOST_SECONDS
    while form_of("release/prod-eu") is None:
        assert time.monotonic() < until
        time.sleep(1)
    assert lists_of("release/prod-eu") == {"stack": [GROVE], "environment": ["prod-eu"]}
    assert {"rollback/prod-us", "restore/qa"} <= {
        name for name in ("rollback/prod-us", "restore/qa") if form_of(name)
    }
    assert SHOP in lists_of("release/prod")["stack"]
    assert GROVE not in lists_of("release/prod")["stack"]
    assert GROVE in lists_of("lift-hold/all")["stack"]


def test_a_run_of_the_new_form_is_carried_out(grove: Installation) -> None:
    state = ended(start("release/prod-eu", stack=GROVE, version="v1.0.0", watch_seconds=0))
    assert state.is_completed(), state.message
    assert "v1.0.0 runs already as #" in str(state.message)


@pytest.mark.crash_only("the chain above; tests/flows/stories.py: a rollback to a stopped slot")
def test_each_production_goes_back_by_itself(grove: Installation) -> None:
    state = ended(start("release/prod-eu", stack=GROVE, version="v2.0.0", watch_seconds=0))
    assert state.is_completed(), state.message
    assert grove.history(GROVE, "prod-eu")[0].version == "v2.0.0"
    assert roll_back_here(GROVE, environment="prod-eu").is_completed()
    assert "grove, v1.0.0" in grove.get(f"prod-eu.{GROVE}.localhost", "/").text


@pytest.mark.crash_only("tests/unit/test_registered.py")
def test_an_environment_that_nobody_names_any_more_keeps_its_forms_while_something_serves_there(
    grove: Installation,
) -> None:
    edit_stack(grove, GROVE, lambda content: content["environments"].pop("prod-us"))
    edit_stack(
        grove,
        GROVE,
        lambda content: content["environments"].update(
            spare={**content["environments"]["try"], "domains": [f"spare.{GROVE}.localhost"]}
        ),
    )
    forms = Forms(grove.settings)
    asyncio.run(forms.follow())
    assert lists_of("rollback/prod-us") == {"stack": [GROVE], "environment": ["prod-us"]}
    assert lists_of("release/spare") == {"stack": [GROVE], "environment": ["spare"]}
    edit_stack(grove, GROVE, lambda content: content["environments"].pop("spare"))
    asyncio.run(forms.follow())
    assert form_of("release/spare") is None
    assert "spare" not in environments_of(grove.settings.stacks / GROVE)
