"""No other proxy of the host sends people to a slot: they come through the edge, after its
checks."""

from __future__ import annotations

import pytest

from tests.unit.compose_models import model
from tidegate.facts import ComposeModel
from tidegate.stack.slot import make_slot

OTHERS = {
    "traefik.enable": "true",
    "traefik.http.routers.web.rule": "Host(`shop.test`)",
    "caddy": "shop.test",
    "caddy.reverse_proxy": "{{upstreams 80}}",
    "caddy_1": "x",
    "caddy_1.handle": "y",
    "swag": "enable",
    "swag_port": "80",
    "com.github.nginx-proxy.nginx-proxy.keepalive": "64",
    "easyhaproxy.http.port": "80",
    "tsdproxy.enable": "true",
    "pangolin.public-resources.web.name": "web",
}
OWN = {"team": "lens", "caddyshack": "film", "prometheus.io/scrape": "true", "my.traefik.note": "x"}


def slot_of(changed: ComposeModel) -> ComposeModel:
    made = make_slot(
        changed,
        base_project="cloudlens-prod",
        project="cloudlens-prod-42",
        number=42,
        released=["backend"],
        images={"backend": "sha256:1"},
        edge_network="edge",
        labels={"tidegate.stack": "cloudlens"},
    )
    slot: ComposeModel = made.model["services"]["backend-42"]
    return slot


@pytest.mark.parametrize("label", OTHERS)
def test_a_label_by_which_another_proxy_finds_a_container_is_not_on_a_slot(label: str) -> None:
    kept = slot_of(model(backend={"labels": {**OWN, label: OTHERS[label]}}))["labels"]
    assert kept == {**OWN, "traefik.enable": "false", "tidegate.stack": "cloudlens"}


def test_a_traefik_that_takes_every_container_is_told_to_leave_a_slot_alone() -> None:
    """Without a label, and against one that the image has."""
    assert slot_of(model(backend={"labels": None}))["labels"]["traefik.enable"] == "false"


def test_a_slot_is_not_found_by_its_environment_either() -> None:
    environment = {
        "VIRTUAL_HOST": "shop.test",
        "VIRTUAL_HOST_MULTIPORTS": "{}",
        "VIRTUAL_PORT": "80",
        "A": "1",
    }
    kept = slot_of(model(backend={"environment": environment}))["environment"]
    assert kept == {"VIRTUAL_PORT": "80", "A": "1"}
