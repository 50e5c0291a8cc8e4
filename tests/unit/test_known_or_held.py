"""Whether others may call an application by a name or a port: who has it already."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.plan import known_names
from tasks.plan.known_names import check_known_names
from tidegate.edge.facts import HostPort, KnownName
from tidegate.errors import CapacityError, StackFileError
from tidegate.facts import FORWARDS_TO_LABEL

NAME = KnownName("ocr", "back", 8080, "/health")
PORT = HostPort("", 8180, "/health")
MODEL: Any = {
    "services": {},
    "networks": {"own": {}, "named": {"name": "mine"}, "theirs": {"external": True}},
}


def occupant(project: str = "other", service: str = "web", **labels: str) -> Any:
    return SimpleNamespace(
        project=project, service=service, labels=labels, whose=f"{project} {service}"
    )


class Called:
    """An environment that others call by one name and one port."""

    def __init__(self, patch: pytest.MonkeyPatch, *lines: Any) -> None:
        self.there, self.others, self.held = {"back"}, list[str](), list[Any]()
        self.is_taken = False
        patch.setattr(known_names, "called_by", lambda host, ready_path: host)
        patch.setattr(known_names, "holders", lambda port, there: self.held)
        self.env: Any = SimpleNamespace(
            stack=SimpleNamespace(name="shop"),
            name="prod",
            base_project="shop-prod",
            released=["web"],
            known=[SimpleNamespace(host=one, ready_path="/") for one in lines],
            measures=SimpleNamespace(
                network_names=lambda: self.there, require_free_port=self._require_free
            ),
            forwarders=SimpleNamespace(others=lambda name, project: self.others),
            occupancy=SimpleNamespace(occupants=list),
        )

    def _require_free(self, port: int, address: str) -> None:
        assert (port, address) == (8180, "0.0.0.0")
        if self.is_taken:
            raise CapacityError("binding it", "somebody listens there", "Stop it")

    def check(self) -> list[tuple[str, str]]:
        return [(one.name, one.detail) for one in check_known_names(self.env, MODEL)]

    def refused(self) -> str:
        with pytest.raises(StackFileError) as raised:
            self.check()
        return raised.value.came_back


def test_a_name_and_a_port_that_are_free_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Called(monkeypatch, NAME, PORT).check() == [
        ("known as", str(NAME)),
        ("kept port", str(PORT)),
    ]
    assert Called(monkeypatch).check() == []


@pytest.mark.parametrize("network", ["shop-prod_own", "mine"])
def test_a_network_of_its_own_may_come_with_it(
    monkeypatch: pytest.MonkeyPatch, network: str
) -> None:
    """Nobody can be called there before."""
    called = Called(monkeypatch, NAME._replace(network=network))
    called.others = ["somebody"]
    assert len(called.check()) == 1
    called.there = {network}
    assert called.refused() == f"somebody is called ocr on the network {network}"


@pytest.mark.parametrize("network", ["gone", "theirs", "shop-prod_theirs"])
def test_a_network_of_others_must_be_there(monkeypatch: pytest.MonkeyPatch, network: str) -> None:
    called = Called(monkeypatch, NAME._replace(network=network))
    assert called.refused() == f"there is no network {network}"


@pytest.mark.parametrize(
    ("one", "is_free"),
    [
        (occupant(), False),
        (occupant("shop-prod", "web"), True),
        (occupant("shop-prod", "db"), False),
        (occupant("other", "a", **{FORWARDS_TO_LABEL: "shop/prod"}), True),
        (occupant("shop-prod", "web", **{FORWARDS_TO_LABEL: "blog/prod"}), False),
    ],
)
def test_a_port_has_one_owner_who_may_hand_it_on(
    monkeypatch: pytest.MonkeyPatch, one: Any, is_free: bool
) -> None:
    """A forwarder of this environment does, and a container that is taken over."""
    called = Called(monkeypatch, PORT)
    called.held, called.is_taken = [one], True
    if is_free:
        assert len(called.check()) == 1
    else:
        assert called.refused() == f"{one.whose} has the {PORT}"


def test_a_port_that_no_container_has_may_be_taken_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called = Called(monkeypatch, PORT)
    called.is_taken = True
    assert called.refused() == f"the {PORT} is taken: somebody listens there"
