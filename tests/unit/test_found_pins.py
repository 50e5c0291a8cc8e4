"""Which image a service has that is not built here: what this run or the environment before has
already, or what registry or host have by its tag."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.plan import found_images
from tasks.plan.found_images import look_up_images
from tests.unit.plans import COMMIT
from tidegate.errors import ImageError, RegistryError
from tidegate.versions import Version

DIGEST = "acme/web@sha256:one"


class Images:
    """`web` goes with the version, `cache` is always 9, `own` is built here."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.asked, self.host = list[str](), dict[str, str]()
        self.error: RegistryError | None = None
        self.policy, self.standing = {"web": "", "cache": ""}, list[Any]()
        self.sealed: Any = None
        services = [
            SimpleNamespace(name="web", image="acme/web", tag="{version}", is_built=False),
            SimpleNamespace(name="cache", image="redis", tag="9", is_built=False),
            SimpleNamespace(name="own", image="acme/own", tag=None, is_built=True),
        ]
        self.stack = SimpleNamespace(name="shop", services=services)
        patch.setattr(found_images, "standing_deployments", lambda env: self.standing)
        patch.setattr(found_images, "stack_of", lambda env, deployment: self.sealed)
        self.env: Any = SimpleNamespace(
            stack=self.stack,
            config=SimpleNamespace(host="local"),
            images=SimpleNamespace(look_up=self._look_up, id_of=self.host.get),
            model=lambda: {
                "services": {name: {"pull_policy": one} for name, one in self.policy.items()}
            },
        )

    def _look_up(self, reference: str) -> str:
        self.asked.append(reference)
        if self.error:
            raise self.error
        return f"{reference}@sha256:new"

    def find(self, version: Version | None = None) -> dict[str, str]:
        return look_up_images(self.env, version or Version("v1", COMMIT))


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> Iterator[Images]:
    with disable_run_logger():
        yield Images(monkeypatch)


def standing(images: Images, **changes: Any) -> None:
    """A deployment of v1, with both images, planned with the stack file as it is."""
    release = SimpleNamespace(images={"web": DIGEST, "cache": "redis@sha256:nine"})
    facts = {"commit": COMMIT.sha, "version": "v1", "environment": "staging", "number": 3}
    images.standing = [SimpleNamespace(**{**facts, "release": release, **changes})]
    images.sealed = images.stack


def test_a_registry_says_what_a_tag_is_and_nothing_is_asked_of_what_is_built(
    images: Images,
) -> None:
    assert images.find() == {"web": "acme/web:v1@sha256:new", "cache": "redis:9@sha256:new"}
    assert images.asked == ["acme/web:v1", "redis:9"]


def test_what_stands_for_the_version_already_is_not_looked_up_again(images: Images) -> None:
    standing(images)
    assert images.find() == {"web": DIGEST, "cache": "redis@sha256:nine"}
    assert images.asked == []


@pytest.mark.parametrize(
    "changes", [{"commit": "2" * 40}, {"version": "v2"}, {"commit": "sha256:x"}]
)
def test_another_version_stands_for_nothing(images: Images, changes: dict[str, Any]) -> None:
    standing(images, **changes)
    images.find()
    assert len(images.asked) == 2


def test_without_a_repository_a_version_is_its_name(images: Images) -> None:
    standing(images, commit="sha256:x")
    assert images.find(Version("v1", None))["web"] == DIGEST
    standing(images)
    images.find(Version("v1", None))
    assert len(images.asked) == 2


def test_where_the_stack_file_said_otherwise_then_it_is_looked_up(images: Images) -> None:
    standing(images)
    other = SimpleNamespace(name="web", image="acme/web", tag="other", is_built=False)
    images.sealed = SimpleNamespace(services=[other, *images.stack.services[1:]])
    assert images.find() == {"web": "acme/web:v1@sha256:new", "cache": "redis@sha256:nine"}
    images.sealed = None
    images.asked.clear()
    images.find()
    assert len(images.asked) == 2


def test_one_that_is_on_the_host_alone_is_taken_there(images: Images) -> None:
    images.policy["web"] = "never"
    with pytest.raises(ImageError, match="it is not there"):
        images.find()
    images.host["acme/web:v1"] = "sha256:here"
    assert images.find()["web"] == "sha256:here"
    standing(images)
    assert images.find()["web"] == "sha256:here"


@pytest.mark.parametrize(
    ("retryable", "on_host", "said"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_a_registry_that_does_not_answer_is_no_reason_to_take_what_lies_on_the_host(
    images: Images, retryable: bool, on_host: bool, said: bool
) -> None:
    images.error = RegistryError("asking it", "no answer", "Look at it", retryable=retryable)
    if on_host:
        images.host["acme/web:v1"] = "sha256:here"
    with pytest.raises(RegistryError) as raised:
        images.find()
    assert ("the host has an image of that name" in raised.value.came_back) is said
    assert raised.value.retryable is retryable
