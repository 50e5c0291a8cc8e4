"""The login form of a page, found as a browser shows it: where it goes, its hidden fields, and
which two a person fills in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_NAMED = ("text", "email", "tel", "")
"""Types of a field for a name; a field without a type is one for text."""
_KEPT = ("hidden", "submit")


@dataclass
class LoginForm:
    """`action` is empty where the form goes to its own page; `given` are fields that the page
    itself filled in."""

    action: str = ""
    given: dict[str, str] = field(default_factory=dict)
    user_field: str = ""
    password_field: str = ""

    def filled(self, user: str, password: str) -> Mapping[str, str]:
        return {**self.given, self.user_field: user, self.password_field: password}


def login_form_in(page: str) -> LoginForm | None:
    """The first form with one password and a field for a name before it; None where there is
    none."""
    parser = _Forms()
    parser.feed(page)
    return next((one for one in parser.forms if one.user_field and one.password_field), None)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[LoginForm] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(LoginForm(said.get("action", "")))
            self._inside = True
        elif tag in ("input", "button") and self._inside and said.get("name"):
            kind = "submit" if tag == "button" else said.get("type", "").lower()
            self._take(self.forms[-1], said["name"], kind, said.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def _take(self, form: LoginForm, name: str, kind: str, value: str) -> None:
        if kind in _KEPT:
            form.given.setdefault(name, value)
        elif kind == "password" and not form.password_field:
            form.password_field = name
        elif kind in _NAMED and not form.user_field and not form.password_field:
            form.user_field = name
