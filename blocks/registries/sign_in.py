"""Signing in to a registry: by name and password, or by a token that is fetched with them."""

from __future__ import annotations

import re
from collections.abc import Generator

import httpx

from tidegate.errors import RegistryError


class SignIn(httpx.Auth):
    """Basic, or a bearer token fetched as the distribution specification says ("Token
    Authentication")."""

    requires_response_body = True

    def __init__(self, username: str, password: str) -> None:
        self._basic = httpx.BasicAuth(username, password) if username else None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        answer = yield request
        scheme, fields = _challenge(answer)
        if scheme == "basic" and self._basic:
            yield next(self._basic.auth_flow(request))
        elif scheme == "bearer" and _may_be_asked(fields.get("realm", ""), request.url):
            wanted = httpx.Request("GET", fields.pop("realm"), params=fields)
            answer = yield next(self._basic.auth_flow(wanted)) if self._basic else wanted
            if answer.is_success:  # if not, this answer says why and is the last word
                request.headers["Authorization"] = f"Bearer {_token(answer)}"
                yield request


def _challenge(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    """Scheme in small letters and fields of `WWW-Authenticate` on a 401."""
    header = answer.headers.get("WWW-Authenticate", "") if answer.status_code == 401 else ""
    scheme, _, rest = header.partition(" ")
    return scheme.lower(), dict(re.findall(r'(\w+)="([^"]*)"', rest))


def _may_be_asked(realm: str, registry: httpx.URL) -> bool:
    """A registry on HTTPS may not have the password sent over plain HTTP."""
    return realm.startswith("https://") or (
        realm.startswith("http://") and registry.scheme == "http"
    )


def _token(answer: httpx.Response) -> str:
    try:
        fields = answer.json()
        return str(fields.get("token") or fields["access_token"])
    except (ValueError, KeyError, AttributeError):
        raise RegistryError(
            "signing in to the registry", "it sent no token", "Ask its operator"
        ) from None
