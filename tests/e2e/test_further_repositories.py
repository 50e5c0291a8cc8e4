"""A page and its API from two repositories: released by way of staging, released again after a
change of the page alone, and rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import images
from tests.e2e.in_process import release_here, roll_back_here
from tests.installation import SUFFIX, Installation, remove_images, remove_stack
from tests.integration.repositories import commit, git
from tidegate.ledger.tables import Deployment
from tidegate.versions import MAIN, hashes_in

pytestmark = pytest.mark.crash_only(
    "tests/flows/test_further.py; tests/integration/test_further_repositories.py"
)
LOOM = f"loom{SUFFIX}"
APP = """
import http.server, json, os
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        own = {"text": "TEXT", "version": os.environ["VERSION"], "commit": os.environ["COMMIT"]}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(own).encode())
http.server.ThreadingHTTPServer(("", 8000), App).serve_forever()
"""
DOCKERFILE = """ARG BASE
FROM ${BASE}
ARG VERSION
ARG COMMIT
ENV VERSION=${VERSION} COMMIT=${COMMIT}
COPY app.py /
STOPSIGNAL SIGKILL
CMD ["python3", "/app.py"]
"""
COMPOSE = f"""services:
  page: {{build: ../{LOOM}-page, image: acme/page}}
  api: {{build: ., image: acme/api}}
"""
STACK = f"""name: {LOOM}
title: Loom
source:
  repository: API
  build_args: {{BASE: "${{BASE_IMAGE}}"}}
  further:
    page: {{repository: PAGE, folder: ../{LOOM}-page, branch: main}}
services:
  - {{name: page, image: acme/{LOOM}-page, port: 8000, ready_path: /}}
  - {{name: api, image: acme/{LOOM}-api, port: 8000, ready_path: /api}}
routes: [{{path: /, service: page}}, {{path: /api, service: api}}]
smoke: [{{name: page, path: /, shows_version: true}}, {{name: api, path: /api, shows_version: true}}]
smoke_repeat_seconds: 0
environments:
  staging: {{kind: staging, after: nothing, domains: [staging.{LOOM}.localhost], image_alias: staging, COMMON}}
  prod: {{kind: production, after: staging, approval: false, backup: false, domains: [{LOOM}.localhost],
         image_alias: latest, COMMON}}
"""
COMMON = "compose_files: [compose.yaml], env_file: .env, drain_seconds: 0"


class Team:
    """The two repositories, neither of which lies beside the stack's folder."""

    def __init__(self, folder: Path) -> None:
        self.page, self.api = folder / "page", folder / "api"
        for one in (self.page, self.api):
            one.mkdir()
            git(one, "init", "-q")
            (one / "Dockerfile").write_text(DOCKERFILE)
            self.write(one, f"the first {one.name}")

    def write(self, repository: Path, text: str) -> str:
        return commit(repository, text, app_py=APP.replace("TEXT", text))


@pytest.fixture
def team(tidegate: Installation, tmp_path: Path) -> Iterator[Team]:
    made = Team(tmp_path)
    remove_stack(LOOM, ["staging", "prod"])
    folder = tidegate.settings.stacks / LOOM
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE)
    (folder / ".env").write_text(f"BASE_IMAGE={images.BASE}\n")
    text = STACK.replace("API", str(made.api)).replace("PAGE", str(made.page))
    (folder / "stack.yaml").write_text(text.replace("COMMON", COMMON))
    yield made
    tidegate.retire(LOOM)
    remove_images(LOOM)


def shown(tidegate: Installation, path: str) -> dict[str, str]:
    told: dict[str, str] = tidegate.get(f"{LOOM}.localhost", path).json()
    return told


def release(version: str, environment: str = "prod") -> None:
    state = release_here(LOOM, version, environment=environment)
    assert state.is_completed(), state.message


def now(tidegate: Installation, environment: str = "prod") -> Deployment:
    found = tidegate.ledger.deployments.current(LOOM, environment)
    assert found is not None
    return found


def test_a_change_of_one_repository_is_released_and_rolled_back_alone(
    tidegate: Installation, team: Team
) -> None:
    api, page = (git(one, "rev-parse", "HEAD") for one in (team.api, team.page))
    version = f"sha-{api[:7]}"
    release(version)
    first = now(tidegate)
    assert hashes_in(first.commit) == {MAIN: api, "page": page}
    assert (shown(tidegate, "/")["commit"], shown(tidegate, "/api")["commit"]) == (page, api)
    assert first.release.images == now(tidegate, "staging").release.images

    newer = team.write(team.page, "the second page")
    release(version)  # staging has this version: it runs already
    assert now(tidegate).number == first.number
    release(version, "staging")
    release(version)
    second = now(tidegate)
    assert hashes_in(second.commit) == {MAIN: api, "page": newer}
    assert second.release.images["api"] == first.release.images["api"]
    assert second.release.images["page"] != first.release.images["page"]
    assert (shown(tidegate, "/")["text"], shown(tidegate, "/api")["text"]) == (
        "the second page",
        "the first api",
    )

    state = roll_back_here(LOOM)
    assert state.is_completed(), state.message
    back = now(tidegate)
    assert (back.commit, back.release.images) == (first.commit, first.release.images)
    assert shown(tidegate, "/") == {"text": "the first page", "version": version, "commit": page}
    assert tidegate.ledger.audit.verify().findings == ()
