"""What a person reads of a failed run is a sentence, whatever failed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar, get_type_hints

from prefect import get_run_logger

from tidegate.each import as_ours
from tidegate.errors import TidegateError

P = ParamSpec("P")
R = TypeVar("R")


def plainly(function: Callable[P, R]) -> Callable[P, R]:
    """Under `@flow`: an error that is none of ours goes into the log whole, and into the state's message as a sentence."""
    @functools.wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except TidegateError:
            raise
        except Exception as error:
            get_run_logger().error("an error that was not foreseen", exc_info=True)
            raise as_ours(error, f"running {function.__name__}") from error

    told.__signature__ = inspect.signature(function, eval_str=True)   # type: ignore[attr-defined]
    told.__annotations__ = get_type_hints(function, include_extras=True)   # Prefect would look for the names here
    return told
