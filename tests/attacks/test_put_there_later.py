"""What was put into the team's folder, or taken from the edge, after the plan changes nothing of what was planned."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.traffic import _names
from tidegate.facts import Route, Target
from tidegate.seals import with_copies


@pytest.mark.parametrize("put", ["plugins/evil.py", "late.conf"])
def test_a_mount_that_was_empty_or_missing_is_never_read_from_the_live_folder(tmp_path: Path, put: str) -> None:
    folder, copies = tmp_path / "shop", tmp_path / "sealed" / "files"
    (folder / "plugins").mkdir(parents=True)
    (folder / put).write_text("planted")
    mounts = with_copies(model(folder, "plugins", "late.conf"), folder, copies)["services"]["web"]["volumes"]
    assert [mount["source"] for mount in mounts] == [str(copies / "plugins"), str(copies / "late.conf")]


def test_a_socket_in_the_folder_is_still_the_one_that_somebody_listens_at(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "app.sock"))
        [mount] = with_copies(model(tmp_path, "app.sock"), tmp_path, tmp_path / "files")["services"]["web"]["volumes"]
    assert mount["source"] == str(tmp_path / "app.sock")


def model(folder: Path, *sources: str) -> dict[str, Any]:
    return {"services": {"web": {"volumes": [
        {"type": "bind", "source": str(folder / source), "target": f"/{source}", "read_only": True} for source in sources]}}}


@pytest.mark.parametrize(("kind", "was_good", "names"), [
    ("rollback", False, ("web.localhost",)), ("release", True, ("web.localhost",)),
    ("release", False, ("web.localhost", "Old.localhost"))])
def test_a_way_back_goes_without_the_name_that_somebody_else_has_by_now(
        kind: str, was_good: bool, names: tuple[str, ...]) -> None:
    routes = [route("shop", "web.localhost"), route("mill", "old.localhost")]
    assert _names(work(kind, was_good, routes, "web.localhost", "Old.localhost")) == names


def test_a_way_back_whose_every_name_is_taken_keeps_them_for_the_edge_to_refuse() -> None:
    assert _names(work("rollback", False, [route("mill", "old.localhost")], "old.localhost")) == ("old.localhost",)


def route(stack: str, domain: str) -> Route:
    return Route(stack, "prod", (domain,), (Target(1, "http://a:80"),), None, None, 1)


def work(kind: str, was_good: bool, routes: list[Route], *domains: str) -> Any:
    env = SimpleNamespace(stack=SimpleNamespace(name="shop"), name="prod", config=SimpleNamespace(domains=domains),
                          edge=SimpleNamespace(routes=lambda: SimpleNamespace(good=routes)))
    return SimpleNamespace(env=env, deployment=SimpleNamespace(kind=kind, was_good=was_good))
