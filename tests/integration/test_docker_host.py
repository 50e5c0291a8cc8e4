"""Commands in containers of a real engine: what goes in, what comes out, and how it ends."""

from __future__ import annotations

import gzip
import hashlib
import io
import threading
import uuid
from collections.abc import Iterator

import pytest

from blocks.docker.host import ENDLESS, KEY_LABEL, DockerHost
from tests import images
from tidegate.errors import EngineError
from tidegate.facts import Job, Outcome

IMAGE = images.BASE


@pytest.fixture(scope="module")
def host() -> Iterator[DockerHost]:
    host = DockerHost()
    yield host
    host.client.close()


@pytest.fixture(scope="module")
def idle_container(host: DockerHost) -> Iterator[str]:
    container = host.client.containers.run(
        IMAGE, ["sleep", "600"], network="none", detach=True, init=True
    )
    yield str(container.id)
    container.remove(force=True, v=True)


def _job(*command: str, **more: object) -> Job:
    return Job(key=f"test/{uuid.uuid4()}", image=IMAGE, command=command, **more)  # type: ignore[arg-type]


def test_stdin_reaches_the_command_and_its_end_too(host: DockerHost, idle_container: str) -> None:
    outcome = host.execute(idle_container, ["sha256sum"], stdin=io.BytesIO(b"tide"))
    assert outcome.exit_code == 0
    assert outcome.stdout.split()[0] == hashlib.sha256(b"tide").hexdigest()


def test_stdout_and_stderr_come_apart_with_the_exit_code(
    host: DockerHost, idle_container: str
) -> None:
    outcome = host.execute(idle_container, ["sh", "-c", "echo out; echo err >&2; exit 7"])
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (7, "out\n", "err\n")


def test_many_megabytes_pass_both_ways_unchanged(host: DockerHost, idle_container: str) -> None:
    sent, received = b"0123456789abcdef" * (1 << 20), io.BytesIO()
    outcome = host.execute(idle_container, ["cat"], stdin=io.BytesIO(sent), stdout=received)
    assert outcome.exit_code == 0
    assert received.getvalue() == sent


def test_short_outputs_are_never_lost_at_the_start(host: DockerHost, idle_container: str) -> None:
    assert {host.execute(idle_container, ["echo", "first"]).stdout for _ in range(25)} == {
        "first\n"
    }


def test_a_command_that_does_not_read_its_stdin_still_ends(
    host: DockerHost, idle_container: str
) -> None:
    outcome = host.execute(
        idle_container, ["false"], stdin=io.BytesIO(b"x" * (8 << 20)), timeout_seconds=60
    )
    assert outcome.exit_code == 1


def test_a_silent_command_is_given_up_at_its_deadline(
    host: DockerHost, idle_container: str
) -> None:
    with pytest.raises(EngineError, match=r"not finished after 0\.5 s"):
        host.execute(idle_container, ["sleep", "30"], timeout_seconds=0.5)


def test_a_talking_command_is_given_up_at_its_deadline_too(
    host: DockerHost, idle_container: str
) -> None:
    with pytest.raises(EngineError, match="not finished after 1 s"):
        host.execute(
            idle_container, ["sh", "-c", "while sleep 0.1; do echo; done"], timeout_seconds=1
        )


def test_an_error_of_our_own_input_is_raised_as_it_is(
    host: DockerHost, idle_container: str
) -> None:
    cut = gzip.compress(b"line\n" * 1000)[:-9]
    with gzip.open(io.BytesIO(cut)) as plain, pytest.raises(EOFError):
        host.execute(idle_container, ["cat"], stdin=plain, timeout_seconds=20)  # type: ignore[arg-type]


def test_an_error_of_our_own_output_is_raised_as_it_is(
    host: DockerHost, idle_container: str
) -> None:
    with (
        open("/dev/full", "wb", buffering=0) as full,
        pytest.raises(OSError, match="No space left"),
    ):
        host.execute(idle_container, ["echo", "x"], stdout=full)


def test_a_job_gets_its_stdin_and_environment_and_leaves_no_container(host: DockerHost) -> None:
    job = _job(
        "sh",
        "-c",
        'cat; echo "$TIDE"; echo err >&2; exit 3',
        stdin=b"in\n",
        environment={"TIDE": "high"},
    )
    outcome = host.run(job)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (3, "in\nhigh\n", "err\n")
    assert host.containers({KEY_LABEL: job.key}) == []


def test_a_job_writes_into_the_volumes_that_it_is_given(host: DockerHost) -> None:
    volume = host.client.volumes.create(f"tidegate-test-{uuid.uuid4()}")
    try:
        for words in ("echo kept > /filestore/one", "cat /filestore/one"):
            outcome = host.run(_job("sh", "-c", words, volumes={str(volume.name): "/filestore"}))
        assert (outcome.exit_code, outcome.stdout) == (0, "kept\n")
    finally:
        volume.remove()


def test_a_job_may_print_many_megabytes(host: DockerHost) -> None:
    outcome = host.run(_job("python3", "-c", "print('x' * (20 << 20))"))
    assert len(outcome.stdout) == (20 << 20) + 1


def test_a_job_that_overruns_is_removed_and_named(host: DockerHost) -> None:
    job = _job("sleep", "60", timeout_seconds=1)
    with pytest.raises(EngineError, match="not finished after 1 s"):
        host.run(job)
    assert host.containers({KEY_LABEL: job.key}) == []


def test_a_job_removes_what_a_killed_attempt_at_its_key_left(host: DockerHost) -> None:
    job = _job("echo", "again")
    host.client.containers.run(
        IMAGE, ["sleep", "60"], network="none", detach=True, labels={KEY_LABEL: job.key}
    )
    assert host.run(job).stdout == "again\n"
    assert host.containers({KEY_LABEL: job.key}) == []


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (Job("test/none", "tidegate-test/no-such-image", ("true",)), "No such image"),
        (Job("test/none", IMAGE, ("no-such-command",)), "no-such-command"),
        (
            Job("test/none", IMAGE, ("true",), networks=("tidegate-no-such-network",)),
            "tidegate-no-such-network",
        ),
    ],
    ids=["image", "command", "network"],
)
def test_what_the_engine_lacks_is_named(host: DockerHost, job: Job, said: str) -> None:
    with pytest.raises(EngineError, match=said):
        host.run(job)
    assert host.containers({KEY_LABEL: job.key}) == []


def test_a_container_that_is_not_there_is_named(host: DockerHost) -> None:
    with pytest.raises(EngineError, match="tidegate-no-such-container"):
        host.execute("tidegate-no-such-container", ["true"])


def test_an_engine_that_is_down_is_retryable() -> None:
    with pytest.raises(EngineError, match="no answer") as raised:
        DockerHost(url="tcp://127.0.0.1:9", timeout_seconds=2).containers({})
    assert raised.value.retryable


def test_what_a_killed_run_left_is_waited_for_and_removed_with_its_network(
    host: DockerHost,
) -> None:
    mine, others = f"test/{uuid.uuid4()}/", f"test/{uuid.uuid4()}/"
    networks = [
        host.client.networks.create(f"tidegate-{uuid.uuid4()}", labels={KEY_LABEL: f"{key}scratch"})
        for key in (mine, others)
    ]
    for key, seconds in (
        (f"{mine}migrate", "1"),
        (f"{mine}scratch{ENDLESS}", "600"),
        (f"{others}migrate", "600"),
    ):
        host.client.containers.run(
            IMAGE,
            ["sleep", seconds],
            network="none",
            detach=True,
            init=True,
            labels={KEY_LABEL: key},
        )
    try:
        host.outlast(mine, timeout_seconds=60)
        left = [
            one.labels[KEY_LABEL]
            for one in host.client.containers.list(all=True, filters={"label": KEY_LABEL})
        ]
        assert [key for key in left if key.startswith((mine, others))] == [f"{others}migrate"]
        assert [one.id for one in host.client.networks.list(ids=[one.id for one in networks])] == [
            networks[1].id
        ]
    finally:
        host.forget(f"{others}migrate")
        networks[1].remove()


def test_a_command_whose_container_stops_under_it_says_so(host: DockerHost) -> None:
    container = host.client.containers.run(
        IMAGE, ["sleep", "600"], network="none", detach=True, init=True
    )
    stopping = threading.Timer(0.5, container.kill)
    stopping.start()
    try:
        with pytest.raises(
            EngineError, match=f"{container.name} stopped in the middle of it"
        ) as refused:
            host.execute(str(container.name), ["sleep", "60"])
        assert refused.value.retryable
    finally:
        stopping.join()
        container.remove(force=True, v=True)


@pytest.mark.parametrize(
    ("test", "passes"),
    [
        (["CMD", "true"], True),
        (["CMD", "false"], False),
        (["CMD-SHELL", 'test "$WORD" = tide'], True),
        (["CMD-SHELL", "exit 3"], False),
        (["CMD", "no-such-program"], False),
        (["CMD-SHELL", "sleep 60"], False),
        (["NONE"], False),
    ],
)
def test_a_health_check_is_run_as_the_engine_runs_it_and_only_a_success_passes(
    host: DockerHost, test: list[str], passes: bool
) -> None:
    never = {"test": test, "interval": 3600 * 10**9}  # so the engine itself does not ask
    container = host.client.containers.run(
        IMAGE,
        ["sleep", "600"],
        network="none",
        detach=True,
        init=True,
        environment={"WORD": "tide"},
        healthcheck=never,
    )
    try:
        check = host.own_check(str(container.id))
        assert (check is not None and check.exit_code == 0) is passes
        container.kill()
        assert host.own_check(str(container.id)) is None
    finally:
        container.remove(force=True, v=True)


def test_what_a_health_check_said_is_told(host: DockerHost) -> None:
    check = {
        "test": ["CMD-SHELL", "echo no database; echo yet >&2; exit 1"],
        "interval": 3600 * 10**9,
    }
    container = host.client.containers.run(
        IMAGE, ["sleep", "600"], network="none", detach=True, init=True, healthcheck=check
    )
    try:
        assert host.own_check(str(container.id)) == Outcome(1, "no database\n", "yet\n")
    finally:
        container.remove(force=True, v=True)


def test_a_container_that_is_not_there_passes_no_check(host: DockerHost) -> None:
    assert host.own_check("no-such-container") is None
