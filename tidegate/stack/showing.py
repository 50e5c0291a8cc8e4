"""What a stack file says of how a version shows that it works: smoke checks before and after the switch, figures after it."""

from __future__ import annotations

from pydantic import Field

from tidegate.stack.formats import MOST_SECONDS, EnvironmentName, EnvKey, Line, Marker, Name, Part, Title, UrlPath


class Login(Part):
    """Credentials for the smoke login, as names of keys in the env file (never the values)."""

    path: UrlPath = Field(description="Receives a JSON POST of `username` and `password`.")
    username_key: EnvKey
    password_key: EnvKey
    token_field: Line = Field(description="Field of the JSON answer that holds the token, such as `access_token`.")


class SmokeCheck(Part):
    """One request whose answer is compared with what the release must show."""

    name: Title
    path: UrlPath = "/"
    domains_of: Name | None = Field(None, description="Asked at the first of the environment's `domains_of` this word.")
    status: int = Field(200, ge=100, le=599)
    contains: Marker | None = Field(None, description="Marker text of the body.")
    json_fields: dict[Line, Marker | int | float | bool] = Field(
        {}, description="Dotted path into the JSON body, such as `items.0.id`, and the value it must have.")
    shows_version: bool = Field(False, description="The JSON body's `version` and `commit` must be the release's.")
    login: Login | None = None
    signed_in: bool = Field(False, description="Send the token of the login check as bearer token.")
    most_seconds: float = Field(10, gt=0, le=300, description="Slower than this is a failure (R24).")
    only: tuple[EnvironmentName, ...] = Field((), description="Environments it runs in; empty means all.")


class Watch(Part):
    """What counts as worse, in the minutes after the switch (R24, R27)."""

    seconds: int = Field(900, ge=0, le=4 * 3600)
    error_ratio: float = Field(0.05, gt=0, le=1, description="5xx answers / all answers.")
    p95_seconds: float = Field(2.0, gt=0, le=MOST_SECONDS)
    least_requests: int = Field(
        20, ge=1, le=1_000_000, description="Below this, figures say nothing and the smoke checks decide.")
