"""What a stack file says of how a version shows that it works: smoke checks before and after the
switch, figures after it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tidegate.stack.formats import (
    MOST_SECONDS,
    MOST_WATCH_SECONDS,
    EnvironmentName,
    EnvKey,
    Line,
    Marker,
    Name,
    Part,
    Title,
    UrlPath,
)

_NEEDED = {
    "json": ("username_key", "password_key", "token_field"),
    "form": ("username_key", "password_key"),
    "basic": ("username_key", "password_key"),
    "bearer": ("token_key",),
}


class Login(Part):
    """Credentials for the smoke login, as names of keys in the env file (never the values)."""

    by: Literal["json", "form", "basic", "bearer"] = Field(
        "json",
        description="`json`: a POST whose answer holds a token. `form`: "
        "a page with a form, whose hidden fields and cookies are sent along. `basic`, "
        "`bearer`: a header with each request.",
    )
    path: UrlPath = Field(
        description="`json`: receives `username` and `password`. `form`: the page with the form. "
        "`basic`, `bearer`: a page that refuses who has not signed in."
    )
    username_key: EnvKey | None = None
    password_key: EnvKey | None = None
    token_field: Line | None = Field(
        None,
        description="By `json`: field of the answer that holds the token, such as `access_token`.",
    )
    token_key: EnvKey | None = Field(
        None, description="By `bearer`: the env key that holds the token."
    )

    @property
    def env_keys(self) -> list[str]:
        """The env keys that it is given: name and password, or a token."""
        return [key for key in (self.username_key, self.password_key, self.token_key) if key]

    @model_validator(mode="after")
    def _has_what_it_reads(self) -> Login:
        said = {
            name for names in _NEEDED.values() for name in names if getattr(self, name) is not None
        }
        needed = _NEEDED[self.by]
        if missing := [name for name in needed if name not in said]:
            raise ValueError(f"by {self.by} needs {', '.join(missing)}")
        if unread := sorted(said - {*needed}):
            raise ValueError(f"by {self.by} nothing reads {', '.join(unread)}: take it out")
        return self


class SmokeCheck(Part):
    """One request whose answer is compared with what the release must show."""

    name: Title
    path: UrlPath = "/"
    domains_of: Name | None = Field(
        None, description="Asked at the first of the environment's `domains_of` this word."
    )
    status: int = Field(200, ge=100, le=599)
    contains: Marker | None = Field(None, description="Marker text of the body.")
    json_fields: dict[Line, Marker | int | float | bool] = Field(
        {},
        description="Dotted path into the JSON body, such as `items.0.id`, "
        "and the value it must have.",
    )
    shows_version: bool = Field(
        False, description="The JSON body's `version` and `commit` must be the release's."
    )
    login: Login | None = None
    signed_in: bool = Field(False, description="Ask as who has signed in by the login check.")
    most_seconds: float = Field(
        10, gt=0, le=300, description="Slower than this is a failure (R24)."
    )
    only: tuple[EnvironmentName, ...] = Field(
        (), description="Environments it runs in; empty means all."
    )


class Watch(Part):
    """What counts as worse, in the minutes after the switch (R24, R27)."""

    seconds: int = Field(900, ge=0, le=MOST_WATCH_SECONDS)
    error_ratio: float = Field(0.05, gt=0, le=1, description="5xx answers / all answers.")
    p95_seconds: float = Field(2.0, gt=0, le=MOST_SECONDS)
    least_requests: int = Field(
        20,
        ge=1,
        le=1_000_000,
        description="Below this, figures say nothing and the smoke checks decide.",
    )
