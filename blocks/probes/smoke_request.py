"""One smoke request with its redirects, all of them to the tested host, within one deadline."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import httpx

from blocks.edges.traefik.answers import ended_unanswered, is_own_404
from tidegate.errors import EdgeError
from tidegate.stack.checks import MOST_REDIRECTS, Answer

MOST_BYTES = 4_000_000
"""A page that is longer is cut: no marker is worth more memory."""
_BECOMES_GET = (301, 302, 303)
_COMES_BY_HTTP = (
    "it leads to https: where something before the edge ends TLS, say `https: true` "
    "for this environment in stack.yaml"
)
_BELIEVES_NOBODY = (
    "it leads to https although it was asked as by https: the edge was made before "
    "TIDEGATE_TRUSTED_FRONTS was set (`tidegate edge replace`), or the application "
    "itself believes no front"
)


class NoAnswerError(Exception):
    """Why there is no answer to judge, in words for a person; never holds what was sent."""


@dataclass(frozen=True)
class SmokeRequest:
    """`headers` may hold a token and `content` credentials, so they are in no repr."""

    method: str
    path: str
    deadline_seconds: float
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: Mapping[str, str] | None = field(default=None, repr=False)
    """Sent as JSON."""
    form: Mapping[str, str] | None = field(default=None, repr=False)
    follow: bool = True
    cookies: dict[str, str] = field(default_factory=dict, repr=False)
    """Sent with each request; what is set by an answer is put in. Whether one is `Secure`, or of
    another domain, is not looked at: the edge is asked by its address, and what ends TLS is left
    out."""
    at: str = ""
    """The page on which `path` stands, where that is relative or a whole address."""


def fetch(client: httpx.Client, request: SmokeRequest) -> Answer:
    """Ask and follow redirects until an answer, a circle, or one too many; what cannot be asked is
    the answer's error.

    Raises EdgeError where the edge does not answer, or knows no route: then no version is to blame.
    """
    began = time.monotonic()
    method, history = request.method, list[str]()
    try:
        is_whole = request.path.startswith("/") and not request.path.startswith("//")
        path = request.path if is_whole else _on_the_tested_host(request.at or "/", request.path)
        history.append(_without_query(path))
        while True:
            response, body = _once(client, request, method, path, began + request.deadline_seconds)
            if not (response.is_redirect and request.follow and _may_go_on(history)):
                return Answer(
                    response.status_code,
                    dict(response.headers),
                    body,
                    time.monotonic() - began,
                    tuple(history),
                )
            method = "GET" if response.status_code in _BECOMES_GET else method
            path, before = _on_the_tested_host(path, response.headers.get("location", "")), path
            if path == before and response.headers["location"].startswith("https:"):
                raise NoAnswerError(
                    _BELIEVES_NOBODY if "X-Forwarded-Proto" in client.headers else _COMES_BY_HTTP
                )
            history.append(_without_query(path))
    except NoAnswerError as error:
        return Answer(seconds=time.monotonic() - began, history=tuple(history), error=str(error))


def _may_go_on(history: list[str]) -> bool:
    return len(set(history)) == len(history) and len(history) <= MOST_REDIRECTS + 1


def _without_query(path: str) -> str:
    """A query may carry a token and the history is shown; its hash still tells one from another."""
    plain, mark, query = path.partition("?")
    return f"{plain}?…{hashlib.sha256(query.encode()).hexdigest()[:4]}" if mark else plain


def _on_the_tested_host(path: str, location: str) -> str:
    """An absolute address is asked at the tested host too: a redirect must not lead to the version
    that serves."""
    try:
        target = urlsplit(urljoin(f"http://tested{path}", location))
    except ValueError:
        raise NoAnswerError("it redirects to what is no address") from None
    return (target.path or "/") + (f"?{target.query}" if target.query else "")


def _once(
    client: httpx.Client, request: SmokeRequest, method: str, path: str, deadline: float
) -> tuple[httpx.Response, bytes]:
    late = NoAnswerError(f"no whole answer in {request.deadline_seconds:g} s")
    content, form = (request.content, request.form) if method == request.method else (None, None)
    cookies = "; ".join(f"{name}={value}" for name, value in request.cookies.items())
    headers = {**request.headers, **({"Cookie": cookies} if cookies else {})}
    answered = False
    try:
        left = max(0.001, deadline - time.monotonic())
        with client.stream(
            method, path, headers=headers, json=content, data=form, timeout=left
        ) as response:
            answered = True
            _keep_cookies(request.cookies, response)
            if is_own_404(response):
                raise _away(client, path, "knows no route to it")
            return response, _read(response, deadline, late)
    except httpx.TimeoutException:
        raise late from None
    except httpx.HTTPError as error:
        if not answered and ended_unanswered(error):
            raise _away(client, path, "takes no connection") from None
        raise NoAnswerError(_plain(error)) from None
    except (httpx.InvalidURL, UnicodeError) as error:
        raise NoAnswerError(_plain(error)) from None


def _keep_cookies(jar: dict[str, str], response: httpx.Response) -> None:
    for line in response.headers.get_list("set-cookie"):
        pair, *attributes = line.split(";")
        name, mark, value = (part.strip() for part in pair.partition("="))
        ended = any(one.strip().lower() in ("max-age=0", "max-age=-1") for one in attributes)
        if mark and name and not ended:
            jar[name] = value
        else:
            jar.pop(name, None)


def _away(client: httpx.Client, path: str, what: str) -> EdgeError:
    return EdgeError(
        f"asking for {_without_query(path)}",
        f"{client.base_url} {what}",
        "Look whether the edge runs",
        retryable=True,
    )


def _read(response: httpx.Response, deadline: float, late: NoAnswerError) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body.extend(chunk)
        if time.monotonic() > deadline:
            raise late
        if len(body) > MOST_BYTES:
            break
    return bytes(body[:MOST_BYTES])


def _plain(error: Exception) -> str:
    words: dict[type[Exception], str] = {
        UnicodeError: "the token is no text that a header can carry",
        httpx.ReadError: "the connection broke",
        httpx.RemoteProtocolError: "the connection broke before the answer ended",
        httpx.DecodingError: "the answer's encoding is wrong",
        httpx.InvalidURL: "it redirects to what is no address",
    }
    return next(
        (text for kind, text in words.items() if isinstance(error, kind)), type(error).__name__
    )
