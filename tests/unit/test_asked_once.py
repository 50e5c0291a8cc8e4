"""A look over many stacks asks the Prefect server once for each block that they name."""

from __future__ import annotations

import time

from pytest_mock import MockerFixture

from blocks.docker.host import DockerHost
from blocks.registries.registry import Registry
from tasks.frame.adapters import each_asked_for_once, optional
from tidegate.each import each


def test_a_look_asks_for_each_block_once_and_the_next_one_anew(mocker: MockerFixture) -> None:
    """Also for one that is not there."""
    host = mocker.patch.object(
        DockerHost, "load", side_effect=lambda name: DockerHost(url=f"tcp://{name}:2376")
    )
    registry = mocker.patch.object(Registry, "load", side_effect=ValueError)
    for _ in range(2):
        with each_asked_for_once():
            found = [
                (optional(DockerHost, name), optional(Registry, name))
                for name in ("here", "there", "here")
            ]
        assert found == [
            (DockerHost(url=f"tcp://{name}:2376"), None) for name in ("here", "there", "here")
        ]
    assert (host.call_count, registry.call_count) == (4, 4)


def test_those_who_ask_at_once_wait_for_one_answer(mocker: MockerFixture) -> None:
    def answer(name: str) -> DockerHost:
        time.sleep(0.05)
        return DockerHost(url=f"tcp://{name}:2376")

    host = mocker.patch.object(DockerHost, "load", side_effect=answer)
    with each_asked_for_once():
        looked = each(
            dict.fromkeys("abcd", "here"),
            lambda name: optional(DockerHost, name),
            "looking",
            at_once=4,
        )
    assert (list(looked.good.values()), host.call_count) == (
        [DockerHost(url="tcp://here:2376")] * 4,
        1,
    )


def test_what_went_wrong_is_the_answer_to_all_who_wait_and_to_nobody_later(
    mocker: MockerFixture,
) -> None:
    def drop(name: str) -> DockerHost:
        time.sleep(0.2)
        raise ConnectionError

    host = mocker.patch.object(DockerHost, "load", side_effect=drop)
    with each_asked_for_once():
        looked = each(
            dict.fromkeys("abcd", "here"),
            lambda name: optional(DockerHost, name),
            "looking",
            at_once=4,
        )
        assert ([one.name for one in looked.faulty], host.call_count) == (["a", "b", "c", "d"], 1)
        host.side_effect = lambda name: DockerHost()
        assert optional(DockerHost, "here") == DockerHost()


def test_beside_a_look_each_question_is_put(mocker: MockerFixture) -> None:
    host = mocker.patch.object(DockerHost, "load", side_effect=lambda name: DockerHost())
    optional(DockerHost, "here")
    optional(DockerHost, "here")
    assert host.call_count == 2
