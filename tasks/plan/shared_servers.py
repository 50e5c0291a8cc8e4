"""Two patterns of databases never find the same one: those of an environment on one server, and
those of two environments that share a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from tasks.data.found import named_database, patterned, server_of
from tasks.frame.environments import open_files
from tasks.frame.open_environment import OpenEnvironment
from tidegate.errors import StackFileError, TidegateError
from tidegate.facts import CheckResult
from tidegate.stack.data import Database
from tidegate.stack.database_patterns import filled, matching, overlap


@dataclass(frozen=True)
class Claim:
    """What one declaration says of the names of a server's databases."""

    environment: str
    entry: str
    server: tuple[str, ...]
    name: str
    """A name, or a pattern with the values of its environment."""
    is_pattern: bool

    def __str__(self) -> str:
        return f"{self.environment}: {self.entry} ({self.name})"


def check_patterns(env: OpenEnvironment) -> Iterator[CheckResult]:
    """What a stack with patterns is told. Raises what `refuse_shared_patterns` raises."""
    if not patterned(env):
        return
    unread = refuse_shared_patterns(env)
    text = f"; {', '.join(unread)} cannot be read, so nobody has compared it" if unread else ""
    yield CheckResult("patterns of databases", "pass", f"find nobody else's{text}", 0.0)


def refuse_shared_patterns(env: OpenEnvironment) -> list[str]:
    """Raises StackFileError where a database could be found by two patterns, or by a pattern of one
    environment and the name in another one. Returns the environments that cannot be read."""
    if not patterned(env):  # of one stack file, so no other environment has any either
        return []
    unread = list[str]()
    theirs = list[Claim]()
    for name in _others(env):
        try:
            other = open_files(env.stack, name, env.settings)
            theirs += [claim for claim in claims_of(other) if len(claim.server) > 1]
        except TidegateError:
            unread.append(name)
    refuse_met(env, claims_of(env), theirs)
    return unread


def refuse_met(env: OpenEnvironment, mine: Sequence[Claim], theirs: Sequence[Claim]) -> None:
    """Within an environment a name goes before a pattern; two patterns may not meet."""
    patterns = [claim for claim in mine if claim.is_pattern]
    pairs = [*combinations(patterns, 2), *((one, other) for one in mine for other in theirs)]
    if met := [f"{one} and {other}" for one, other in pairs if _meet(one, other)]:
        raise StackFileError(
            f"looking which databases {env.stack.name} {env.name} finds",
            f"on one server these can find the same database: {'; '.join(met)}",
            "Write patterns that cannot, such as `${TENANT_PREFIX}*` with another prefix in the "
            "env file of each environment. Nothing was changed",
        )


def claims_of(env: OpenEnvironment) -> list[Claim]:
    """Of each database of SQL. Raises ConfigError."""
    return [
        Claim(env.name, one.name, server_of(env, one), _named(env, one), bool(one.pattern))
        for one in env.stack.databases
        if isinstance(one, Database)
    ]


def _named(env: OpenEnvironment, spec: Database) -> str:
    return filled(spec.pattern, env.values) if spec.pattern else named_database(env, spec)


def _meet(one: Claim, other: Claim) -> bool:
    if one.server != other.server or not (one.is_pattern or other.is_pattern):
        return False
    if one.is_pattern and other.is_pattern:
        return overlap(one.name, other.name)
    pattern, name = (one, other) if one.is_pattern else (other, one)
    return bool(matching(pattern.name, [name.name]))


def _others(env: OpenEnvironment) -> list[str]:
    return [name for name in env.stack.environments if name != env.name]
