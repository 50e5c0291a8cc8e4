"""Passwords that everybody tries first, where the compose files give them to a container."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.frame import adapters
from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.findings import Finding
from tidegate.facts import ComposeModel
from tidegate.stack.env_files import environment_of
from tidegate.stack.variables import whole_variable
from tidegate.stack.weak_settings import WeakSetting, weak_settings


def weak_passwords(env: OpenEnvironment) -> Iterator[Finding]:
    """Default passwords of what is no database of the stack file: those of its databases, and
    those in the env file, are faults."""
    if env.config.kind == "development":
        return
    accepted_ones = env.stack.accepted_passwords
    known = {env.values[key] for key in accepted_ones if key in env.values}
    files = [env.stack.folder / file for file in env.config.compose_files]
    written = adapters.as_written(files, env.stack.name)
    for one in weak_settings(env.model(), env.stack.left_out, {*env.weak_passwords}, known):
        reason = accepted_ones.get(one.key)
        yield Finding(
            "risk",
            env.stack.name,
            env.name,
            "looking for passwords that everybody tries first",
            f"{one.path}: {one.fault}",
            f"Accepted by stack.yaml: {reason}"
            if reason
            else _to_be_strong(one, written, env.config.env_file)
            + " Where the data have this one already, change it there first",
        )


def _to_be_strong(one: WeakSetting, written: ComposeModel, env_file: str) -> str:
    """`written` are the compose files with their variables."""
    said = environment_of(written["services"][one.service]).get(one.key)
    if variable := whole_variable(said):
        return f"Give {variable.name} a value of your own in {env_file}."
    return (
        "Use a value of the env file (`${NAME}`) or a compose secret, with a password of your own."
    )
