"""Whoever asked for something hears of it, although it was refused before it began."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tasks.frame.refusals import tell_when_refused
from tidegate.pages.messages import What

P = ParamSpec("P")
R = TypeVar("R")


def told_when_refused(what: What) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Under `@plainly`: when the run fails and nobody was told so, people are. A mere plan is told
    to nobody."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def tells(*args: P.args, **kwargs: P.kwargs) -> R:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            asked = given.arguments
            if asked.get("plan_only"):
                return function(*args, **kwargs)
            version = asked.get("version") or asked.get("to") or ""
            with tell_when_refused(
                what, asked["stack"], asked["environment"], version, asked["requested_by"]
            ):
                return function(*args, **kwargs)

        return tells

    return decorate
