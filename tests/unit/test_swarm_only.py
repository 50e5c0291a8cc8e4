"""What Docker Swarm gives and Docker Compose does not is a fault before anything starts."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate.stack.swarm_only import swarm_faults


def faults(**top: Any) -> list[str]:
    service = {"secrets": [{"source": "key"}], "configs": [{"source": "site"}]}
    return [one.partition(": ")[0] for one in swarm_faults({"services": {"web": service}, **top})]


@pytest.mark.parametrize(
    ("top", "paths"),
    [
        ({"secrets": {"key": {"external": True}}}, ["secrets.key.external"]),
        ({"configs": {"site": {"external": True}}}, ["configs.site.external"]),
        ({"secrets": {"key": {"file": "/srv/key"}, "other": {"external": True}}}, []),
        ({"networks": {"pay": {"driver": "overlay"}}}, ["networks.pay.driver"]),
        ({"networks": {"pay": {"driver": "overlay", "attachable": True}, "web": None}}, []),
    ],
)
def test_what_only_a_swarm_has_is_named_with_its_path(top: Any, paths: list[str]) -> None:
    assert faults(**top) == paths
