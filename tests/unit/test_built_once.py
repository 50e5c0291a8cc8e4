"""From which repository and commit an image is built, what is found and not built again, and which
secrets a build is given."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.plan import builds
from tasks.plan.builds import _image_of, _name_of, _pin, _secrets, code_of, repository_of
from tests.unit.plans import COMMIT
from tidegate.errors import ConfigError, VersionError
from tidegate.versions import Version

SHOP = SimpleNamespace(name="shop's own")
WORKERS = SimpleNamespace(name="of the workers")


@pytest.fixture
def env() -> Iterator[Any]:
    with disable_run_logger():
        yield SimpleNamespace(
            stack=SimpleNamespace(name="shop"),
            source=SHOP,
            further={"workers": WORKERS},
            values={"TOKEN": "a", "OTHER": "b"},
            config=SimpleNamespace(env_file=".env"),
        )


def recipe(repository: str = "", **secrets: dict[str, str]) -> Any:
    return SimpleNamespace(service="web", repository=repository, secrets=secrets)


def test_each_is_built_from_its_own_repository(env: Any) -> None:
    assert repository_of(env, recipe()) is SHOP
    assert repository_of(env, recipe("workers")) is WORKERS
    with pytest.raises(VersionError, match=r"names no `source\.further\.gone` any more"):
        repository_of(env, recipe("gone"))


def test_a_version_needs_a_commit_of_that_repository(env: Any) -> None:
    version = Version("v1", COMMIT, further={"workers": COMMIT})
    assert code_of(env, version, recipe()) == (SHOP, COMMIT)
    assert code_of(env, version, recipe("workers")) == (WORKERS, COMMIT)
    with pytest.raises(VersionError, match="it has no commit of workers"):
        code_of(env, Version("v1", COMMIT), recipe("workers"))
    env.source = None
    with pytest.raises(VersionError, match="it has no commit of a repository"):
        code_of(env, version, recipe())


def test_a_build_is_given_the_secrets_that_it_names_and_no_others(env: Any) -> None:
    assert _secrets(env, recipe(npm={"environment": "TOKEN"}, file={"file": "a"})) == {"TOKEN": "a"}
    assert _secrets(env, recipe()) == {}
    with pytest.raises(ConfigError, match="no value for GONE"):
        _secrets(env, recipe(npm={"environment": "TOKEN"}, other={"environment": "GONE"}))


@pytest.mark.parametrize("is_there", [True, False])
def test_what_was_built_of_a_commit_is_not_built_again(
    env: Any, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    made, asked = list[str](), list[tuple[str, ...]]()

    def built(env: Any, version: str, code: Any, tag: str, *_: Any) -> str:
        made.append(tag)
        return "new"

    def find(*given: str) -> str | None:
        asked.append(given)
        return "sha256:there" if is_there else None

    known = recipe()
    known.inputs = "text"
    known.with_arguments = lambda **given: known
    env.images, env.model = SimpleNamespace(find=find), dict
    monkeypatch.setattr(builds, "recipe_of", lambda *_: known)
    monkeypatch.setattr(builds, "declared_arguments", lambda env: {})
    monkeypatch.setattr(builds, "built", built)
    service: Any = SimpleNamespace(name="web", image="acme/web")
    image = _image_of(env, Version("v1", COMMIT), service)
    assert image == ("sha256:there" if is_there else "new")
    assert made == ([] if is_there else ["acme/web:v1"])
    [(stack, sha, inputs)] = asked
    assert (stack, sha, len(inputs)) == ("shop", COMMIT.sha, 64)


def test_an_image_is_built_or_found_or_named_by_the_compose_files(
    env: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    env.images = SimpleNamespace(
        as_named=lambda reference: f"named {reference}",
        publish=lambda image, name, version: f"{name}:{version} is {image}",
    )
    env.model = lambda: {"services": {"cache": {"image": "redis:9"}}}
    monkeypatch.setattr(builds, "_image_of", lambda env, version, service: "built")
    version = Version("v1", COMMIT, {"found": "sha256:found"})
    every = {
        name: SimpleNamespace(name=name, image=image, is_built=is_built)
        for name, image, is_built in (
            ("cache", None, False),
            ("found", "acme/found", False),
            ("web", "acme/web", True),
        )
    }
    pins = {name: _pin(env, version, one) for name, one in every.items()}  # type: ignore[arg-type]
    assert pins == {
        "cache": "named redis:9",
        "found": "sha256:found",
        "web": "acme/web:v1 is built",
    }


def test_without_a_repository_a_version_is_a_tag(env: Any) -> None:
    env.source = None
    assert _name_of(env, "v1") == ("v1", None)
    env.source = SimpleNamespace(resolve=lambda wanted: (f"resolved {wanted}", COMMIT))
    assert _name_of(env, "v1") == ("resolved v1", COMMIT)
