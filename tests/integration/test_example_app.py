"""The example application as a release needs it: asked from outside, on the real engine."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from tests.integration.example_stack import App, Images, call, sign_in

pytest_plugins = ["tests.integration.example_fixtures"]
pytestmark = pytest.mark.crash_only(
    "the example application alone; each release of it in tests/e2e stands on it"
)


@pytest.fixture
def v1_1_0(app: App) -> httpx.Client:
    return app.serve("v1.1.0")


def test_the_version_is_baked_into_the_image(app: App, v1_1_0: httpx.Client) -> None:
    expected = {"version": "v1.1.0", "commit": app.images.commit("v1.1.0")}
    assert v1_1_0.get("/version").json() == expected
    assert v1_1_0.get("/").headers["X-CloudLens-Version"] == "v1.1.0"
    assert "CloudLens" in v1_1_0.get("/").text


def test_bills_are_shown_only_to_who_signed_in(v1_1_0: httpx.Client) -> None:
    assert v1_1_0.get("/api/bills").status_code == 401
    assert v1_1_0.get("/api/bills", headers={"Authorization": "Bearer guessed"}).status_code == 401
    assert sign_in(v1_1_0).get("/api/bills").json()["items"][0] == {
        "id": "BILL-0001",
        "account_id": "aliyun-main",
        "month": "2026-09",
        "amount": "1280.50",
        "note": "ECS 包年",
    }


@pytest.mark.parametrize(
    "wrong", [{"username": "admin", "password": "wrong"}, {"username": "äöü", "password": "密码"}]
)
def test_wrong_credentials_give_no_token(v1_1_0: httpx.Client, wrong: dict[str, str]) -> None:
    answer = v1_1_0.post("/api/login", json=wrong)
    assert (answer.status_code, "token" in answer.json()) == (401, False)


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b'{"username": "admin"}'])
def test_a_login_that_is_none_is_refused(v1_1_0: httpx.Client, body: bytes) -> None:
    assert v1_1_0.post("/api/login", content=body).status_code == 422


def test_discounts_are_counted_once_and_then_remembered(v1_1_0: httpx.Client) -> None:
    first, second = (sign_in(v1_1_0).get("/api/discounts").json() for _ in range(2))
    assert first == second
    assert first["items"][0] == {"account_id": "aliyun-main", "total": "2624.50", "rate": "0.85"}


def test_ready_says_which_store_does_not_answer(app: App, v1_1_0: httpx.Client) -> None:
    assert v1_1_0.get("/ready").status_code == 200
    for service, name in (("redis", "cache"), ("mysql", "database")):
        app.compose("v1.1.0", "stop", service)
        answer = v1_1_0.get("/ready")
        assert (answer.status_code, answer.json()[name]) == (503, False)
        assert v1_1_0.get("/health").status_code == 200
        app.compose("v1.1.0", "up", "-d", "--wait", service)
    assert v1_1_0.get("/ready").status_code == 200


def test_a_request_that_is_open_at_the_stop_is_answered(app: App, v1_1_0: httpx.Client) -> None:
    answers: list[httpx.Response] = []
    request = threading.Thread(target=lambda: answers.append(v1_1_0.get("/slow?seconds=5")))
    request.start()
    time.sleep(1)
    app.compose("v1.1.0", "stop", "backend")
    request.join()
    assert [answer.status_code for answer in answers] == [200]
    assert (
        app.compose("v1.1.0", "ps", "--all", "--format", "{{.ExitCode}}", "backend").strip() == "0"
    )


def test_the_service_does_not_run_as_root(example_images: Images) -> None:
    image = example_images.build("v1.1.0")
    assert call("docker", "run", "--rm", "--network", "none", image, "id", "-u").strip() == "10001"


def test_a_token_of_one_version_is_known_to_the_next(app: App, v1_1_0: httpx.Client) -> None:
    token = sign_in(v1_1_0).headers["Authorization"]
    assert (
        app.serve("v1.4.0").get("/api/bills", headers={"Authorization": token}).status_code == 200
    )


def test_v1_0_0_works_on_the_schema_of_v1_1_0(app: App) -> None:
    client = sign_in(app.serve("v1.0.0"))
    assert client.get("/api/bills").json()["items"][0]["id"] == "BILL-0001"
    assert client.get("/api/discounts").status_code == 404


def test_the_schema_history_can_be_printed_without_a_database(example_images: Images) -> None:
    printed = call(
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        example_images.build("v1.1.0"),
        "alembic",
        "upgrade",
        "head",
        "--sql",
    )
    assert "CREATE TABLE discount_cache" in printed
    assert "BILL-0001" in printed


def test_the_schema_goes_down_and_up_again(app: App) -> None:
    app.migrate("v1.1.0", "downgrade", "base")
    app.migrate("v1.1.0", "upgrade", "head")
    assert "0002 (head)" in app.migrate("v1.1.0", "current")
