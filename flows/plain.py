"""What a person reads of a failed run is a sentence in the stack's language, whatever failed, and
no traceback."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, get_type_hints

from prefect import State, get_run_logger
from prefect.states import Failed

from tidegate.each import as_ours
from tidegate.errors import TidegateError
from tidegate.pages.fault_words import told
from tidegate.secrecy.safe_logs import guard_logs
from tidegate.settings import Settings
from tidegate.stack.catalogue import language_of

P = ParamSpec("P")
R = TypeVar("R")


def plainly(function: Callable[P, R]) -> Callable[P, R | State[Any]]:
    """Under `@flow`: an error ends the run as *Failed* with its reason as the message.

    One that is none of ours goes into the log whole, and into the message as a sentence.
    """
    signature = inspect.signature(function, eval_str=True)

    def failed(error: TidegateError, *args: P.args, **kwargs: P.kwargs) -> State[Any]:
        """The error goes with the state, for whoever called the flow in this process."""
        stack = signature.bind(*args, **kwargs).arguments.get("stack")
        return Failed(message=told(error, language_of(Settings().stacks, stack)), data=error)

    @functools.wraps(function)
    def ended(*args: P.args, **kwargs: P.kwargs) -> R | State[Any]:
        guard_logs()
        try:
            return function(*args, **kwargs)
        except TidegateError as error:
            return failed(error, *args, **kwargs)
        except Exception as error:
            get_run_logger().error("an error that was not foreseen", exc_info=True)
            return failed(as_ours(error, f"running {function.__name__}"), *args, **kwargs)

    ended.__signature__ = signature  # type: ignore[attr-defined]
    # Prefect would look for the names here
    ended.__annotations__ = get_type_hints(function, include_extras=True)
    return ended
