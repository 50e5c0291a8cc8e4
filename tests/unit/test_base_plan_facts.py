"""What a plan of base services takes from the engine: images, what stands in no file any more, and
what would leave data unreadable or unsaved."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.plan import base_plan
from tasks.plan.base_plan import (
    _image_id,
    _images_of,
    _is_of_others,
    _made_from,
    _refused_database,
    _removed,
    _saved_volumes,
    _serving,
    _there,
)
from tests.unit.ledger_parts import deploy
from tests.unit.plans import COMMIT
from tidegate.errors import InputError
from tidegate.ledger import Ledger
from tidegate.versions import Version


class Images:
    """`known` are on the engine by their names; a pull brings `pulled`."""

    def __init__(self, known: dict[str, str], pulled: dict[str, str] | None = None) -> None:
        self.known, self.pulled, self.done = known, pulled or {}, list[str]()

    def id_of(self, reference: str) -> str | None:
        return self.known.get(reference)

    def ensure(self, reference: str) -> None:
        self.done.append(f"ensure {reference}")

    def as_named(self, reference: str) -> None:
        self.done.append(f"pull {reference}")
        self.known |= self.pulled


@pytest.mark.parametrize(
    ("reference", "pulls", "image", "done"),
    [
        ("mysql:8", True, "sha256:eight", []),
        ("mysql:8", False, "sha256:eight", []),
        ("mysql:9", True, "sha256:nine", ["pull mysql:9"]),
        ("mysql:9", False, None, []),
        ("mysql@sha256:a", True, None, ["ensure mysql@sha256:a"]),
        ("mysql@sha256:a", False, None, []),
    ],
)
def test_an_image_is_brought_to_the_engine_unless_a_look_must_do_without(
    reference: str, pulls: bool, image: str | None, done: list[str]
) -> None:
    images = Images({"mysql:8": "sha256:eight"}, {"mysql:9": "sha256:nine"})
    env: Any = SimpleNamespace(images=images)
    assert _image_id(env, reference, pulls=pulls) == image
    assert images.done == done


@pytest.mark.parametrize(
    ("service", "what", "images"),
    [
        ({"image": "mysql:9"}, ("image",), ("mysql:8", "mysql:9", "sha256:nine")),
        ({"build": {"context": "."}}, ("build",), ("sha256:old", "sha256:built", "sha256:built")),
        ({"build": {"context": "."}}, ("command",), ("sha256:old", "sha256:old", "sha256:old")),
    ],
)
def test_what_is_built_here_is_built_now_where_it_is_another_one(
    monkeypatch: pytest.MonkeyPatch,
    service: dict[str, Any],
    what: tuple[str, ...],
    images: tuple[str, str, str | None],
) -> None:
    monkeypatch.setattr(base_plan, "image_of", lambda env, version, name: "sha256:built")
    env: Any = SimpleNamespace(images=Images({"mysql:9": "sha256:nine"}))
    found = SimpleNamespace(image="mysql:8", image_id="sha256:old", service="db")
    one: Any = SimpleNamespace(found=found, what=what)
    assert _images_of(env, service, Version("v1", COMMIT), one) == images
    if what == ("build",):
        assert _images_of(env, service, None, one) == ("sha256:old",) * 3


@pytest.mark.parametrize(
    ("version", "here", "others"),
    [
        (Version("v1", COMMIT), False, True),
        (Version("v1", COMMIT), True, False),
        (Version("v1", None), False, False),
        (None, False, False),
    ],
)
def test_what_was_built_by_hand_can_be_built_from_a_commit(
    monkeypatch: pytest.MonkeyPatch, version: Version | None, here: bool, others: bool
) -> None:
    monkeypatch.setattr(base_plan, "is_built_here", lambda env, labels: here)
    one: Any = SimpleNamespace(labels={})
    env: Any = None
    assert _is_of_others(env, one, version) is others


def running(*services: str, state: str = "running") -> list[Any]:
    return [SimpleNamespace(service=one, state=state) for one in services]


def test_only_servers_of_the_base_are_compared_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_plan, "jobs_of", lambda env, model: {"seed": "a"})
    monkeypatch.setattr(base_plan, "done_by_hand", lambda env, model: {"fill"})
    names = ("web", "redis", "db", "seed", "fill", "older")
    env: Any = SimpleNamespace(
        released=["web"],
        base_project="shop-prod",
        by_hand=SimpleNamespace(containers_of=lambda project: running(*names)),
    )
    model: Any = {"services": {name: {} for name in names[:-1]}}
    assert [one.service for one in _there(env, model)] == ["db", "redis"]
    assert _removed(env, model) == ("older",)
    env.by_hand = SimpleNamespace(containers_of=lambda project: running("older", state="exited"))
    assert _removed(env, model) == ()


def test_it_is_planned_where_a_version_serves(ledger: Ledger) -> None:
    env: Any = SimpleNamespace(stack=SimpleNamespace(name="cloudlens"), name="prod", ledger=ledger)
    with pytest.raises(InputError, match="nothing serves there"):
        _serving(env)
    served = deploy(ledger)
    assert _serving(env).id == served.id


def test_volumes_that_are_saved_have_their_engine_s_names() -> None:
    model: Any = {
        "services": {"db": {"volumes": [{"type": "volume", "source": "data", "target": "/d"}]}},
        "volumes": {"data": {"name": "shop_data"}, "other": {}},
    }
    state = SimpleNamespace(volumes=["data", "gone"])
    env: Any = SimpleNamespace(base_project="shop-prod", stack=SimpleNamespace(state=state))
    assert _saved_volumes(env, model) == ["shop_data"]


def database(service: str = "db", name: str = "main") -> Any:
    return SimpleNamespace(name=name, service=service, engine="mysql")


def refusals(*databases: Any, old: str = "mysql:8", new: str = "mysql:8.4", saved: Any = ()) -> Any:
    env: Any = SimpleNamespace(
        stack=SimpleNamespace(databases=databases, state=SimpleNamespace(databases=saved)),
        images=SimpleNamespace(labels=lambda image: {}),
    )
    found: Any = SimpleNamespace(service="db", labels={})
    change: Any = SimpleNamespace(old_image=old, new_image=new)
    return [*_refused_database(env, found, change)]


def test_a_database_that_no_backup_holds_is_not_changed() -> None:
    assert refusals(database(), saved=["main"]) == []
    [said] = refusals(database(), database(name="saved"), saved=["saved"])
    assert said.startswith("db: its database main is not named under `state.databases`")
    assert refusals(database("other")) == []


def test_an_older_server_does_not_read_what_a_newer_one_wrote() -> None:
    [said] = refusals(database(), old="mysql:8.4", new="mysql:5.7", saved=["main"])
    assert "5.7" in said


def test_what_is_built_says_from_which_server_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_plan, "bases_in", lambda labels: labels.get("bases"))
    env: Any = SimpleNamespace(
        images=SimpleNamespace(labels=lambda image: {"bases": {"mysql:9": "a", "alpine": "b"}})
    )
    found: Any = SimpleNamespace(labels={"bases": {"mysql:8": "a"}})
    change: Any = SimpleNamespace(old_image="sha256:old", new_image="sha256:new")
    assert _made_from(env, found, change) == [("mysql:8", "mysql:9"), ("mysql:8", "alpine")]
    env.images = SimpleNamespace(labels=lambda image: None)
    found.labels = {}
    assert _made_from(env, found, change) == [("sha256:old", "sha256:new")]
