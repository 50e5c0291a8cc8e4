"""How a smoke check signs in, as each kind of application asks for it, and what shows afterwards
who asks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from blocks.probes.smoke_request import NoAnswerError, SmokeRequest
from tidegate.stack.checks import Answer, value_at
from tidegate.stack.login_form import login_form_in
from tidegate.stack.showing import SmokeCheck

Ask = Callable[[SmokeRequest], Answer]


@dataclass(frozen=True)
class Session:
    """What is sent by who has signed in; in no repr."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)


def sign_in(
    check: SmokeCheck,
    credentials: Mapping[str, str],
    deadline_seconds: float,
    origin: str,
    ask: Ask,
) -> tuple[Answer, Session]:
    """The answer by which the login is judged, and what it gave. Raises NoAnswerError where it
    cannot be tried.

    `origin` is where a browser would say that it comes from: frameworks compare it with the host
    name.
    """
    login = check.login
    assert login is not None
    if missing := [key for key in login.env_keys if not credentials.get(key)]:
        raise NoAnswerError(f"the environment has no {' and no '.join(missing)} to sign in with")
    words = [credentials[key] for key in login.env_keys]
    if login.by == "json":
        content = dict(zip(("username", "password"), words, strict=True))
        answer = ask(SmokeRequest("POST", login.path, deadline_seconds, content=content))
        return answer, Session(
            {"Authorization": f"Bearer {_token(answer, str(login.token_field))}"}
        )
    if login.by == "form":
        return _by_form(login.path, words, deadline_seconds, origin, ask)
    plain = ask(SmokeRequest("GET", login.path, deadline_seconds, follow=False))
    if plain.status == check.status:
        raise NoAnswerError(
            f"{login.path} answers {plain.status} to who has not signed in, too: it proves no login"
        )
    session = Session(
        {"Authorization": _basic(*words) if login.by == "basic" else f"Bearer {words[0]}"}
    )
    return ask(SmokeRequest("GET", login.path, deadline_seconds, session.headers)), session


def _by_form(
    path: str, words: list[str], deadline_seconds: float, origin: str, ask: Ask
) -> tuple[Answer, Session]:
    """As a browser: the page with the form, the form with what the page filled in, and where that
    leads."""
    cookies: dict[str, str] = {}
    page = ask(SmokeRequest("GET", path, deadline_seconds, cookies=cookies))
    form = login_form_in(page.body.decode("utf-8", "replace"))
    if page.error or form is None:
        raise NoAnswerError(
            page.error
            or f"{path} answers {page.status} and shows no form with a name and a password"
        )
    sent = SmokeRequest(
        "POST",
        form.action or path,
        deadline_seconds,
        {"Referer": origin + path, "Origin": origin},
        form=form.filled(*words),
        follow=False,
        cookies=cookies,
        at=path,
    )
    answer = ask(sent)
    if leads_to := answer.headers.get("location"):
        answer = ask(
            SmokeRequest("GET", leads_to, deadline_seconds, cookies=cookies, at=form.action or path)
        )
    return answer, Session(cookies=cookies)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _token(answer: Answer, path: str) -> str:
    """Empty where there is none: the check's evaluation says so."""
    try:
        return str(value_at(json.loads(answer.body), path))
    except (KeyError, ValueError, RecursionError):
        return ""
