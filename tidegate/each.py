"""One broken part stops nobody else: whoever goes through stacks, environments, routes, backups or
hosts does it by `each`."""

from __future__ import annotations

import contextvars
import traceback
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from tidegate.errors import TidegateError

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one of them. `name` is the word by which people know it."""

    name: str
    error: TidegateError


@dataclass(frozen=True)
class Parted(Generic[R]):
    """What was good, by name and in order, and what was not."""

    good: Mapping[str, R]
    faulty: tuple[Fault, ...]


def each(
    things: Mapping[str, T], do: Callable[[T], R], doing: str, *, at_once: int = 1
) -> Parted[R]:
    """Do it to each of the named things; a failure is noted beside its name, and the others have
    their turn.

    `doing` says what is done, for an error that is none of ours: `looking at`. With `at_once`, a
    slow one keeps nobody waiting but its own thread. Signals that end a run go through.
    """

    def tried(name: str, thing: T) -> R | Fault:
        try:
            return do(thing)
        except Exception as error:
            return Fault(name, as_ours(error, f"{doing} {name}"))

    if at_once == 1 or len(things) < 2:
        found = [tried(name, thing) for name, thing in things.items()]
    else:
        with ThreadPoolExecutor(at_once) as pool:
            begun = [
                pool.submit(contextvars.copy_context().run, tried, name, thing)
                for name, thing in things.items()
            ]
            found = [one.result() for one in begun]
    good = {
        name: one for name, one in zip(things, found, strict=True) if not isinstance(one, Fault)
    }
    return Parted(good, tuple(one for one in found if isinstance(one, Fault)))


def as_ours(error: BaseException, doing: str) -> TidegateError:
    """The error itself if it is one of ours. Of another one its kind and place are told, and not
    its text: that may hold anything."""
    if isinstance(error, TidegateError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return TidegateError(
        doing,
        f"Tidegate met a {type(error).__name__}{where}, which it should have foreseen",
        "Nothing else was stopped by it. Tell whoever maintains Tidegate, with this line",
    )


def refuse_faulty(faulty: Iterable[Fault], doing: str) -> None:
    """Raise what is wrong as one error, once all the others have had their turn; nothing where
    nothing is wrong."""
    found = list(faulty)
    if len(found) == 1:
        error = found[0].error
        raise type(error)(
            f"{doing}: {found[0].name}: {error.doing}",
            error.came_back,
            error.to_do,
            retryable=error.retryable,
        )
    if found:
        raise TidegateError(
            doing,
            "; ".join(f"{one.name}: {one.error.doing}: {one.error.came_back}" for one in found),
            ". ".join(dict.fromkeys(one.error.to_do for one in found)),
            retryable=any(one.error.retryable for one in found),
        )
