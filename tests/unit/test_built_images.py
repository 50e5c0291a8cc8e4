"""Which services would run an old image of one that is built here."""

from __future__ import annotations

import pytest

from tidegate.proposal.image_names import sharers
from tidegate.stack.built_images import unshared_faults
from tidegate.stack.services import Service

WEB = Service(name="web", image="acme/all")


@pytest.mark.parametrize(
    ("built", "other", "is_fault"),
    [
        ("acme/all:web", "acme/all:web", True),
        ("acme/all", "acme/all:latest", True),
        (None, "acme/all", True),
        ("reg:5000/all", "reg:5000/all@sha256:0", True),
        ("acme/all:web", "acme/all:postgres-15", False),
        ("acme/all:web", "acme/other:web", False),
    ],
)
def test_an_image_is_that_of_another_service_by_its_whole_name(
    built: str | None, other: str, is_fault: bool
) -> None:
    services = {"web": {"build": {"context": "."}, "image": built}, "other": {"image": other}}
    found = [*unshared_faults({"services": services}, [WEB])]
    assert bool(found) is is_fault
    assert all("{name: other, image: acme/all}" in one for one in found)


@pytest.mark.parametrize(
    ("built", "other", "is_shared"),
    [
        ("acme/all:web", "acme/all:web", True),
        ("acme/all", "acme/all:latest", True),
        ("acme/all:${TAG:-1}", "acme/all:${TAG:-1}", True),
        ("acme/all:dev", "acme/all:${TAG}", True),
        ("acme/all:web", "acme/all:search", False),
    ],
)
def test_a_service_with_another_tag_is_not_proposed_with_the_image_that_is_built(
    built: str, other: str, is_shared: bool
) -> None:
    services = {"web": {"build": {"context": "."}, "image": built}, "other": {"image": other}}
    assert sharers(services, ["web"]) == ({"other": "web"} if is_shared else {})
