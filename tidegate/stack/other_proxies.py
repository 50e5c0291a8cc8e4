"""Another proxy on the host finds containers by their labels, before any check has seen them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_LABELS = re.compile(
    r"(traefik|com\.github\.nginx-proxy|easyhaproxy|tsdproxy|pangolin)\.|(caddy|swag)([_.]|\Z)",
    re.IGNORECASE,
)
_VARIABLES = frozenset({"VIRTUAL_HOST", "VIRTUAL_HOST_MULTIPORTS"})  # of nginx-proxy
_HIDDEN = {"traefik.enable": "false"}
"""Said to a Traefik that takes every container, and against a label that the image itself has."""


def without_other_proxies(service: Mapping[str, Any]) -> dict[str, Any]:
    """The same service, which no proxy of the team finds by itself: people come through the
    edge."""
    labels = {
        name: value
        for name, value in (service.get("labels") or {}).items()
        if not _LABELS.match(name)
    }
    hidden = {**service, "labels": {**labels, **_HIDDEN}}
    if environment := service.get("environment"):
        hidden["environment"] = {
            name: value for name, value in environment.items() if name not in _VARIABLES
        }
    return hidden
