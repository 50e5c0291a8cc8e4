"""The Prefect API starts what runs as the worker's user: nobody without the installation's secret
starts, reads or resumes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from blocks.docker.host import DockerHost
from tests.attacks.api_fixtures import *  # noqa: F403
from tests.attacks.api_fixtures import (
    VALUE,
    Prey,
    as_nobody,
    from_a_container,
    runs_asked_for,
    state_of,
)
from tests.installation import Installation


@pytest.fixture
def untouched(tidegate: Installation, prey: Prey) -> Iterator[None]:
    """Whatever a test tries: no run is started, and the waiting one waits."""
    before = runs_asked_for(tidegate)
    yield
    assert runs_asked_for(tidegate) == before
    assert state_of(tidegate, prey.waiting) == "Suspended"


@pytest.mark.usefixtures("untouched")
def test_another_unix_user_starts_reads_and_resumes_nothing(
    tidegate: Installation, prey: Prey
) -> None:
    answers = as_nobody(tidegate.plane.ui_url, prey.requests)
    assert {status for status, _ in answers} == {401}
    assert VALUE not in str(answers)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("network", ["host", "bridge"])
def test_an_applications_container_starts_reads_and_resumes_nothing(
    tidegate: Installation, prey: Prey, network: str
) -> None:
    address = "127.0.0.1" if network == "host" else gateway_of(network)
    answers = from_a_container(
        network, f"http://{address}:{tidegate.settings.prefect_port}", prey.requests
    )
    assert {status for status, _ in answers} == {401 if network == "host" else 0}


def gateway_of(network: str) -> str:
    """Where containers of a network reach their host: engine 20.10 does not name it for its own
    bridge."""
    config = DockerHost().client.networks.get(network).attrs["IPAM"]["Config"][0]
    return str(config.get("Gateway") or next(ip_network(config["Subnet"]).hosts()))


def test_what_is_open_to_everybody_tells_nothing(tidegate: Installation) -> None:
    paths = ("/api/health", "/api/ready", "/ui-settings", "/docs", "/redoc", "/openapi.json")
    get: list[tuple[str, str, dict[str, str], None]] = [("GET", path, {}, None) for path in paths]
    health, ready, ui, *descriptions = as_nobody(tidegate.plane.ui_url, get)
    assert (health, ready) == ((200, "true"), (200, '{"message":"OK"}'))
    assert json.loads(ui[1]).keys() == {
        "api_url",
        "csrf_enabled",
        "auth",
        "flags",
        "default_ui",
        "available_uis",
        "v1_base_url",
        "v2_base_url",
    }
    assert (json.loads(ui[1])["auth"], json.loads(ui[1])["available_uis"]) == ("BASIC", ["v1"])
    assert {status for status, _ in descriptions} == {404}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "credentials",
    [
        "Basic",
        "Basic =",
        "Basic dGlkZWdhdGU6",
        "Basic Og==",
        "Bearer x",
        "basic {}",
        "Basic {} {}",
        "Basic w7w6w7w=",
        "{}",
    ],
)
def test_anything_but_the_secret_itself_is_refused(
    tidegate: Installation, prey: Prey, credentials: str
) -> None:
    given = credentials.replace("{}", base64.b64encode(tidegate.plane.secret.encode()).decode())
    method, path, headers, body = prey.start
    [(status, _)] = as_nobody(
        tidegate.plane.ui_url, [(method, path, {**headers, "Authorization": given}, body)]
    )
    assert status in (401, 500)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({"Host": "evil.example"}, 400),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_even_the_secret_does_not_help_a_page_of_another_origin(
    tidegate: Installation, prey: Prey, header: dict[str, str], status: int
) -> None:
    method, path, headers, body = prey.start
    known = {
        **headers,
        **header,
        "Authorization": f"Basic {base64.b64encode(tidegate.plane.secret.encode()).decode()}",
    }
    [(answered, _)] = as_nobody(tidegate.plane.ui_url, [(method, path, known, body)])
    assert answered == status


WEBSOCKETS = (
    "events/out",
    "events/in",
    "logs/out",
    "task_runs/subscriptions/scheduled",
    "work_pools/tidegate/workers/connect",
)


@pytest.mark.parametrize("path", WEBSOCKETS)
@pytest.mark.parametrize("token", [None, "", "wrong", "tidegate:wrong"])
def test_no_stream_is_opened_without_the_secret(
    tidegate: Installation, path: str, token: str | None
) -> None:
    with pytest.raises(ConnectionClosed):
        first_answer(tidegate, path, {"type": "auth", "token": token})


@pytest.mark.parametrize("path", WEBSOCKETS)
def test_no_stream_is_opened_by_a_client_that_says_nothing_of_itself(
    tidegate: Installation, path: str
) -> None:
    with pytest.raises((ConnectionClosed, InvalidStatus)):
        first_answer(
            tidegate,
            path,
            {"type": "subscribe", "filter": {}, "keys": ["x"], "client_id": "x"},
            subprotocols=None,
        )


@pytest.mark.parametrize("path", WEBSOCKETS)
@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"additional_headers": {"Host": "evil.example"}}, 400),
    ],
)
def test_no_stream_is_opened_for_a_page_of_another_origin(
    tidegate: Installation, path: str, other: dict[str, Any], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        first_answer(tidegate, path, {"type": "auth", "token": tidegate.plane.secret}, **other)
    assert refused.value.response.status_code == status


def test_with_the_secret_a_stream_is_opened(tidegate: Installation) -> None:
    answer = first_answer(tidegate, "events/out", {"type": "auth", "token": tidegate.plane.secret})
    assert answer == {"type": "auth_success"}


def first_answer(tidegate: Installation, path: str, said: Any, **others: Any) -> Any:
    """Of a stream, to a client that begins with `said`."""
    address = f"ws://127.0.0.1:{tidegate.settings.prefect_port}/api/{path}"
    with connect(
        address, proxy=None, **{"subprotocols": [Subprotocol("prefect")], **others}
    ) as stream:
        stream.send(json.dumps(said))
        return json.loads(stream.recv(timeout=20))
