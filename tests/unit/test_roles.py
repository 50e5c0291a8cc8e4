"""Services that are left out are as if the compose files did not have them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.compose_models import model
from tidegate.stack.roles import left_out_faults, without_left_out


def test_what_is_left_out_is_not_in_the_model() -> None:
    kept = without_left_out(model(adminer={"image": "adminer"}), ["adminer", "pgadmin"])
    assert set(kept["services"]) == {"backend", "mysql", "redis", "worker"}
    assert without_left_out(model(), []) == model()


@pytest.mark.parametrize(("service", "where"), [
    ({"depends_on": {"redis": {"condition": "service_started"}}}, "depends_on.redis"),
    ({"links": ["redis:cache"]}, "links"), ({"volumes_from": ["redis:ro"]}, "volumes_from"),
    ({"network_mode": "service:redis"}, "network_mode"), ({"pid": "service:redis"}, "pid")])
def test_what_needs_a_service_that_is_left_out_is_named_by_its_path(service: Any, where: str) -> None:
    faults = left_out_faults(without_left_out(model(worker=service), ["redis"]), ["redis"])
    assert list(faults) == [f"services.worker.{where}: redis is left out in stack.yaml, and worker needs it"]


def test_what_can_do_without_it_is_no_fault() -> None:
    source = model(worker={"depends_on": {"redis": {"condition": "service_started", "required": False}}})
    assert list(left_out_faults(without_left_out(source, ["redis"]), ["redis"])) == []
