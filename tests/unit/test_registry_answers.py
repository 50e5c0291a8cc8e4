"""What each answer of a registry means: whether to try again, and what to do."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from blocks.registries.registry import Registry, _retry_after, engine_said
from tidegate.errors import CapacityError, RegistryError

Handler = Callable[[httpx.Request], httpx.Response]
BASIC = "Basic " + base64.b64encode(b"deployer:hunter2").decode()


def registry(handler: Handler, url: str = "https://registry.example.com") -> Registry:
    made = Registry(
        url=url,
        namespace="acme",
        username="deployer",
        password=SecretStr("hunter2"),
        timeout_seconds=1,
    )
    made._transport = httpx.MockTransport(handler)
    return made


@pytest.mark.parametrize(
    ("status", "retryable", "said"),
    [
        (401, False, "not accepted"),
        (403, False, "may not do this"),
        (404, False, "no such image"),
        (418, False, "not an answer of a registry"),
        (429, True, "too many requests"),
        (500, True, "in trouble"),
        (503, True, "in trouble"),
        (302, False, "not an answer"),
    ],
)
def test_each_refusal_says_whether_to_try_again(status: int, retryable: bool, said: str) -> None:
    with pytest.raises(RegistryError, match=said) as caught:
        registry(lambda _: httpx.Response(status, headers={"Retry-After": "120"})).check()
    assert caught.value.retryable is retryable
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (httpx.ReadTimeout("slow"), True),
        (httpx.ConnectError("refused"), True),
        (httpx.UnsupportedProtocol("ftp"), False),
        (httpx.RemoteProtocolError("cut off"), True),
    ],
)
def test_each_failed_connection_says_whether_to_try_again(
    error: httpx.HTTPError, retryable: bool
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(RegistryError) as caught:
        registry(fail).check()
    assert caught.value.retryable is retryable


def test_a_short_wait_that_the_registry_asks_for_is_kept() -> None:
    answers = [httpx.Response(429, headers={"Retry-After": "0"}), httpx.Response(200)]
    registry(lambda _: answers.pop(0)).check()
    assert answers == []


def test_a_long_wait_is_left_to_the_caller() -> None:
    asked: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(429, headers={"Retry-After": "3600"})

    with pytest.raises(RegistryError, match="3600 s"):
        registry(refuse).check()
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("soon", 60),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float) -> None:
    answer = httpx.Response(429, headers={"Retry-After": text})
    assert _retry_after(answer, datetime(2026, 11, 21, 12, tzinfo=UTC)) == seconds


def challenged(realm: str, seen: list[httpx.Request], token: httpx.Response) -> Handler:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path == "/token":
            return token
        if request.headers.get("Authorization") == "Bearer abc":
            return httpx.Response(200, headers={"Docker-Content-Digest": "sha256:1"})
        return httpx.Response(
            401,
            headers={
                "WWW-Authenticate": f'Bearer realm="{realm}",service="reg",scope="repository:acme/app:pull"'
            },
        )

    return answer


def test_a_bearer_token_is_fetched_with_the_account_and_used() -> None:
    seen: list[httpx.Request] = []
    token = httpx.Response(200, json={"access_token": "abc"})
    answer = registry(challenged("https://auth.example.com/token", seen, token)).digest("app", "v1")
    assert answer == "sha256:1"
    manifest = "/v2/acme/app/manifests/v1"
    assert [request.url.path for request in seen] == [manifest, "/token", manifest]
    assert dict(seen[1].url.params) == {"service": "reg", "scope": "repository:acme/app:pull"}
    assert seen[1].headers["Authorization"] == BASIC


def test_the_token_service_has_the_last_word_when_it_refuses() -> None:
    with pytest.raises(RegistryError, match="not accepted"):
        registry(challenged("https://auth.example.com/token", [], httpx.Response(401))).check()


def test_a_token_service_without_token_is_refused() -> None:
    with pytest.raises(RegistryError, match="no token"):
        registry(
            challenged("https://auth.example.com/token", [], httpx.Response(200, text="<html>"))
        ).check()


def test_the_password_is_not_sent_over_plain_http_for_a_registry_on_https() -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(RegistryError, match="401"):
        registry(challenged("http://auth.example.com/token", seen, httpx.Response(200))).check()
    assert [request.url.path for request in seen] == ["/v2/"]


def test_the_account_is_sent_only_after_a_challenge() -> None:
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("Authorization"))
        return httpx.Response(
            200 if seen[-1] else 401, headers={"WWW-Authenticate": 'Basic realm="r"'}
        )

    registry(answer).check()
    assert seen == [None, BASIC]


@pytest.mark.parametrize("repository", ["app", "registry.example.com/acme/app"])
def test_a_repository_can_be_named_short_or_full(repository: str) -> None:
    assert (
        registry(lambda _: httpx.Response(200)).name(repository) == "registry.example.com/acme/app"
    )


def test_docker_hub_is_asked_at_its_api_host() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(200)

    registry(answer, "https://docker.io").check()
    assert seen == ["registry-1.docker.io"]


@pytest.mark.parametrize(
    ("text", "kind", "retryable"),
    [
        ("unauthorized: authentication required", RegistryError, False),
        ("pull access denied for app, repository does not exist", RegistryError, False),
        ("manifest for app not found: manifest unknown", RegistryError, False),
        ("toomanyrequests: You have reached your pull rate limit", RegistryError, True),
        ("no matching manifest for linux/arm64 in the manifest list entries", RegistryError, False),
        ("Get https://r/v2/: dial tcp: lookup r: no such host", RegistryError, True),
        ("failed to register layer: write /x: no space left on device", CapacityError, False),
    ],
)
def test_what_the_engine_passes_on_is_sorted(
    text: str, kind: type[Exception], retryable: bool
) -> None:
    error = engine_said(text, "pulling app")
    assert type(error) is kind
    assert error.retryable is retryable
