"""What a person sees of a container's log: whole lines in their order, and neither secrets nor
escape sequences."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blocks.docker.host import DockerHost
from blocks.docker.log_lines import read_logs
from tests import images
from tidegate.secrecy.redaction import learn

SCRIPT = (
    "echo first; sleep 0.2; printf '\\033[31mred\\033[0m hunter-and-gatherer\\n'; echo err >&2; "
    "i=0; while [ $i -lt 400 ]; do printf xxxxxxxxxx; i=$((i+1)); done; echo; sleep 1; echo last"
)


@pytest.fixture
def containers() -> Iterator[list[str]]:
    learn({"DB_PASSWORD": "hunter-and-gatherer"})
    client = DockerHost().client
    made = [
        client.containers.run(images.BASE, ["sh", "-c", script], network="none", detach=True)
        for script in (SCRIPT, "sleep 0.1; echo second")
    ]
    yield [str(one.name) for one in made]
    for one in made:
        one.remove(force=True)


def test_a_log_is_followed_to_its_end_and_then_read_in_order(containers: list[str]) -> None:
    services = dict(zip(containers, ("web", "worker"), strict=True))
    followed = [
        (one.service, one.text) for one in read_logs(DockerHost(), services, 100, follow=True)
    ]
    assert followed[-1] == ("web", "last")
    assert sorted(followed) == sorted(
        [
            ("web", "first"),
            ("worker", "second"),
            ("web", "red ***"),
            ("web", "err"),
            ("web", "x" * 4000),
            ("web", "last"),
        ]
    )
    read = list(read_logs(DockerHost(), services, 100, follow=False))
    assert read == sorted(read, key=lambda one: one.at)
    assert (read[0].text, read[-1].text, len(read)) == ("first", "last", 6)
    assert {one.text for one in read_logs(DockerHost(), services, 1, follow=False)} == {
        "second",
        "last",
    }
