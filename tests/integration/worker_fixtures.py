"""A control plane of its own, whose worker serves the flow `trial` alone. Named in
`pytest_plugins`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.control_plane import ControlPlane
from cli.prefect_api import PrefectApi
from control.work_pool import make_work_pool
from setup.places import ROOT
from setup.test_database import FOLDER as PREFECT_DATABASE
from tests.installation import free_ports
from tests.integration.trials import Trial, client_of, register_trial, write_trial
from tidegate.secrecy.outside_text import last_lines
from tidegate.settings import Settings


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of its own, whose worker serves the flow `trial` alone."""
    home = tmp_path_factory.mktemp("plane")
    shutil.copytree(PREFECT_DATABASE, home / "prefect")
    write_trial(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{home}:{ROOT}")
        patch.setenv("PYTHONWARNINGS", "default")
        plane = ControlPlane(Settings(home=home, prefect_port=free_ports(1)[0]))
        try:
            plane.start_server()
            make_work_pool(plane.api_url, plane.secret)
            register_trial(plane)
            plane.start_worker(home / "deployments.yaml")
            yield plane
        finally:
            plane.stop()


@pytest.fixture
def new_trial(plane: ControlPlane, tmp_path: Path) -> Iterator[Callable[[str], Trial]]:
    """With a worker, whatever the test before did to it."""
    plane.start_worker(plane.settings.home / "deployments.yaml")
    api = PrefectApi(plane.api_url, plane.settings.api_auth())
    with client_of(plane) as http:
        yield lambda name: Trial(api, http, tmp_path / name)
    for process in (plane.worker, plane.server):  # pytest shows it where a test failed
        print(
            f"{process.name} {process.pid()}:", *last_lines(process.log.read_text(), 20), sep="\n  "
        )


@pytest.fixture
def trial(new_trial: Callable[[str], Trial]) -> Trial:
    return new_trial("notes")
