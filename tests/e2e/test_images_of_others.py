"""A stack without a repository: a vendor's image in a real registry, released by its tag, moved,
and rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from blocks.docker.host import DockerHost
from blocks.edges.traefik.edge import TraefikEdge
from cli.run import images
from tasks.frame.adapters import load
from tests.e2e.in_process import engine, release_here, roll_back_here
from tests.e2e.test_environments import APP
from tests.installation import SUFFIX, Installation, remove_stack
from tests.integration.building import builder, recipe
from tests.real_registry import RealRegistry, running_registry
from tidegate.plan.image_labels import OCI

pytestmark = pytest.mark.crash_only(
    "tests/flows/test_found_images.py; tests/integration/test_found_images.py and test_registry.py"
)
READER = f"reader{SUFFIX}"
ENVIRONMENTS = ("staging", "prod")
STACK = f"""
name: {READER}
title: Reader
services: [{{name: web, image: "REPOSITORY", tag: "{{version}}", port: 8000, ready_path: /, stop_grace_seconds: 1}}]
smoke: [{{name: home, path: /, contains: welcome}}]
smoke_repeat_seconds: 0
environments:
  staging: {{kind: staging, COMMON}}
  prod: {{kind: production, after: staging, approval: false, backup: false, COMMON}}
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with running_registry(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture(scope="module")
def reader(tidegate: Installation, registry: RealRegistry) -> Iterator[Installation]:
    remove_stack(READER, ENVIRONMENTS)
    engine(tidegate).save(READER)
    load(TraefikEdge, "local").save(READER)
    registry.block.save(READER)
    folder = tidegate.settings.stacks / READER
    folder.mkdir()
    (folder / "compose.yaml").write_text("services: {web: {image: vendor/reader}}\n")
    (folder / ".env").write_text("LANGUAGE=en\n")
    text = STACK.replace("REPOSITORY", f"{registry.address}/vendor/reader")
    for name in ENVIRONMENTS:
        own = (
            f"host: {READER}, compose_files: [compose.yaml], env_file: .env, domains: [{name}.{READER}.localhost], "
            f"image_alias: {name}, drain_seconds: 0"
        )
        text = text.replace("COMMON", own, 1)
    (folder / "stack.yaml").write_text(text)
    yield tidegate
    tidegate.retire(READER)


@pytest.fixture(scope="module")
def vendor(
    tidegate: Installation, registry: RealRegistry, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The digests of 1.0 and 2.0, which are not on the host any more once they were pushed."""
    host, folder = DockerHost(), tmp_path_factory.mktemp("vendor")
    name = f"{registry.address}/vendor/reader"
    digests = {}
    for version in ("1.0", "2.0"):
        write_app(tidegate, folder, version)
        made = builder(host).build(
            recipe(), folder, tag=f"{name}:{version}", labels={f"{OCI}version": version}, secrets={}
        )
        digests[version] = registry.block.push(host, made, name, version).rpartition("@")[2]
        host.client.images.remove(made, force=True)
    return digests


def write_app(tidegate: Installation, folder: Path, version: str) -> None:
    (folder / "app.py").write_text(APP.replace("VERSION", version))
    base = images(tidegate.settings.home)["PYTHON_IMAGE"]
    (folder / "Dockerfile").write_text(f'FROM {base}\nCOPY app.py /\nCMD ["python3", "/app.py"]\n')


def shown(reader: Installation, environment: str) -> str:
    return reader.get(f"{environment}.{READER}.localhost", "/").text


def plan_page() -> str:
    with get_client(sync_client=True) as client:
        found = client.read_latest_artifacts(limit=200)
    return next(str(one.data) for one in found if one.key == f"{READER}-prod-plan")


def test_a_vendor_s_image_goes_through_staging_to_production_and_back_by_its_digest(
    reader: Installation, vendor: dict[str, str], registry: RealRegistry
) -> None:
    for version in vendor:
        state = release_here(READER, version)
        assert state.is_completed(), state.message
        for environment in ENVIRONMENTS:
            assert f"grove, {version}" in shown(reader, environment)
            newest = reader.history(READER, environment)[0]
            assert (newest.version, newest.commit) == (version, vendor[version])
            assert newest.release.images == {
                "web": f"{registry.address}/vendor/reader@{vendor[version]}"
            }
    page = plan_page()
    assert f"{vendor['1.0'][:19]}` → " in page
    assert "Version: `1.0` → `2.0`" in page

    registry.stop()  # no way back asks it
    back = roll_back_here(READER)
    assert back.is_completed(), back.message
    assert "grove, 1.0" in shown(reader, "prod")
    registry.start()

    again = release_here(READER, "2.0")
    assert "on hold" in (again.message or "")
    assert "grove, 1.0" in shown(reader, "prod")
