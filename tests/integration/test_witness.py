"""The witness sees what a user would see: each failure, each gap, who answered."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from blocks.probes.visitors import EdgeVisitors
from blocks.probes.witness import TrafficWitness, summarize
from tidegate.edge.probing import MOST_REQUESTS, Question, Seen, Visit
from tidegate.stack.formats import MOST_WATCH_SECONDS


class Shop(http.server.BaseHTTPRequestHandler):
    """Answers with the server's current `status`; `/slow` needs half a second, `/half` breaks off,
    `/nobody` says nothing."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(0.5)
        if self.path == "/nobody":
            self.close_connection = True
            return
        self.server.hosts.add(self.headers["Host"])  # type: ignore[attr-defined]
        self.server.connections.add(self.client_address)  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("X-Tidegate-Deployment", "7")
        self.send_header("Content-Length", "9" if self.path == "/half" else "0")
        self.end_headers()
        self.close_connection = self.path == "/half"

    def log_message(self, *words: object) -> None:
        pass


class ShopServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Shop)
        self.status, self.hosts, self.connections = 200, set[str](), set[tuple[str, int]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def serving_shop() -> Iterator[ShopServer]:
    with ShopServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def wait_for(witness: TrafficWitness, total: int) -> None:
    end = time.monotonic() + 20
    while witness.figures().total < total and time.monotonic() < end:
        time.sleep(0.02)


def fail_a_switch_under(witness: TrafficWitness) -> None:
    with witness:
        wait_for(witness, 4)
        raise ValueError("the switch failed")


def test_requests_that_succeed_are_counted_by_the_deployment_that_answered(
    serving_shop: ShopServer,
) -> None:
    with TrafficWitness(serving_shop.url, "shop.test", "/") as witness:
        wait_for(witness, 10)
    figures = witness.figures()
    assert figures.total >= 10
    assert figures.failed == 0
    assert figures.by_version == {"7": figures.total}
    assert 0 < figures.p95_seconds <= witness.timeout_seconds
    assert serving_shop.hosts == {"shop.test"}


def test_connections_are_kept_alive(serving_shop: ShopServer) -> None:
    with TrafficWitness(serving_shop.url, "shop.test", "/", rate_per_second=10) as witness:
        wait_for(witness, 12)
    assert len(serving_shop.connections) < witness.figures().total / 2


def test_an_answer_that_does_not_come_is_told_from_a_connection_that_does_not(
    serving_shop: ShopServer,
) -> None:
    with TrafficWitness(serving_shop.url, "shop.test", "/slow", timeout_seconds=0.4) as witness:
        wait_for(witness, 2)
    faults = [str(seen.fault).rpartition(" begun after ")[0] for seen in witness.failures()]
    assert {*faults} == {"ReadTimeout, http11.receive_response_headers"}


def test_a_redirect_is_a_success_and_a_server_error_is_a_failure(serving_shop: ShopServer) -> None:
    with TrafficWitness(serving_shop.url, "shop.test", "/") as witness:
        serving_shop.status = 302
        wait_for(witness, 5)
        assert witness.figures().failed == 0
        serving_shop.status = 503
        wait_for(witness, witness.figures().total + 5)
    assert witness.figures().failed >= 4
    assert {(failure.fault, failure.reached) for failure in witness.failures()} == {
        ("status 503", True)
    }


def test_a_server_that_is_gone_is_seen_as_failures_and_as_one_gap() -> None:
    with ShopServer() as gone:
        url = gone.url
    with TrafficWitness(url, "shop.test", "/") as witness:
        wait_for(witness, 10)
    figures = witness.figures()
    assert figures.failed == figures.total >= 10
    assert figures.longest_gap_seconds > 0.4
    assert all(failure.fault and not failure.reached for failure in witness.failures())
    assert len(witness.failures(most=3)) == 3


@pytest.mark.parametrize(("path", "reached"), [("/nobody", False), ("/half", True)])
def test_a_connection_that_ends_unanswered_is_told_from_an_answer_that_breaks_off(
    serving_shop: ShopServer, path: str, reached: bool
) -> None:
    with TrafficWitness(serving_shop.url, "shop.test", path) as witness:
        wait_for(witness, 5)
    assert witness.figures().failed == witness.figures().total >= 5
    assert {failure.reached for failure in witness.failures()} == {reached}


def test_a_request_in_flight_is_waited_for_and_counted(serving_shop: ShopServer) -> None:
    with TrafficWitness(
        serving_shop.url, "shop.test", "/", rate_per_second=1, long_path="/slow"
    ) as witness:
        pass
    assert witness.figures().failed == 0
    assert max(seen.ended - seen.due for seen in witness._seen) >= 0.5


def test_it_stops_by_itself_and_when_the_block_fails(serving_shop: ShopServer) -> None:
    witness = TrafficWitness(serving_shop.url, "shop.test", "/", most_seconds=0.2)
    with pytest.raises(ValueError, match="the switch failed"):
        fail_a_switch_under(witness)
    assert witness.figures().total == 4
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("witness")]


def test_a_long_watch_is_seen_to_its_end_at_a_lower_rate() -> None:
    """By one door, and by more of them than are asked at the whole rate."""
    for doors in (1, 12):
        asked = [Question("shop.test", f"/{number}", is_ready_path=True) for number in range(doors)]
        witness = EdgeVisitors("http://127.0.0.1:9", "").witness(
            Visit("shop.test", {}),
            asked,
            owner=("shop", "prod"),
            rate_per_second=10,
            most_seconds=MOST_WATCH_SECONDS,
        )
        assert isinstance(witness, TrafficWitness)
        planned = witness.rate_per_second * MOST_WATCH_SECONDS
        assert 0.99 * MOST_REQUESTS < planned <= MOST_REQUESTS
        assert witness.most_seconds == MOST_WATCH_SECONDS


def test_the_figures_say_how_long_was_seen(serving_shop: ShopServer) -> None:
    with TrafficWitness(serving_shop.url, "shop.test", "/", most_seconds=0.2) as short:
        time.sleep(1)
    assert 0.1 <= short.figures().seen_seconds < 0.9
    with TrafficWitness(serving_shop.url, "shop.test", "/") as whole:
        time.sleep(1)
    assert whole.figures().seen_seconds >= 1


def test_a_broken_witness_is_not_a_quiet_one() -> None:
    with (
        pytest.raises(ExceptionGroup),
        TrafficWitness("no-such-scheme://x", "shop.test", path="\0"),
    ):
        time.sleep(0.1)


def test_requests_are_due_on_a_grid_and_lateness_does_not_add_up(serving_shop: ShopServer) -> None:
    with TrafficWitness(
        serving_shop.url, "shop.test", "/", rate_per_second=50, most_seconds=0.8
    ) as witness:
        wait_for(witness, 40)
    due = sorted(seen.due for seen in witness._seen)
    assert len(due) == 40
    assert all(at >= number / 50 for number, at in enumerate(due))


def seen(due: float, ended: float, deployment: str = "1", fault: str | None = None) -> Seen:
    return Seen(due, ended, deployment, fault)


def test_the_longest_gap_lies_between_two_successes() -> None:
    figures = summarize(
        [seen(0, 0.1), seen(1, 1.1, fault="status 502"), seen(2, 2.1), seen(3, 3.1)], 3.2
    )
    assert figures.longest_gap_seconds == pytest.approx(2.0)
    assert (figures.total, figures.failed) == (4, 1)


def test_an_outage_at_the_beginning_or_until_the_end_is_a_gap_too() -> None:
    assert summarize([seen(5, 5.1)], 5.2).longest_gap_seconds == pytest.approx(5.1)
    assert summarize([seen(0, 0.1)], 9.0).longest_gap_seconds == pytest.approx(8.9)
    assert summarize([], 4.0).longest_gap_seconds == 4.0


def test_one_slow_request_in_a_hundred_does_not_move_p95() -> None:
    requests = [seen(n, n + 0.01) for n in range(99)] + [seen(99, 104)]
    assert summarize(requests, 105).p95_seconds == pytest.approx(0.01)
