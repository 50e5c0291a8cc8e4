"""What a team's compose files may not say, and what they give containers of the host."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from tasks.data.by_hand import known_projects
from tasks.frame.open_environment import OpenEnvironment
from tidegate.errors import StackFileError
from tidegate.facts import ComposeModel
from tidegate.stack.bind_mounts import is_local, missing_files, out_of_reach, unmounted
from tidegate.stack.built_images import unshared_faults
from tidegate.stack.compose_dangers import Danger, dangers, refusals
from tidegate.stack.compose_lint import TeamFiles, lint_model
from tidegate.stack.envfile import DEFAULT_PASSWORD, default_passwords, to_accept
from tidegate.stack.host_paths import HostPaths
from tidegate.stack.kept_ports import published_faults
from tidegate.stack.known_as import network_faults
from tidegate.stack.migration_volumes import unmounted_volumes
from tidegate.stack.roles import alone_faults, left_out_faults, unbuilt_faults
from tidegate.stack.unset_keys import unset_secrets


def refuse_faulty_compose(
    env: OpenEnvironment, model: ComposeModel, found: Sequence[Danger]
) -> None:
    """Raises StackFileError with everything that the compose files may not say. `found` is what
    they give of the host."""
    (mounted, links), engine = _mounted(env), _engine(env)
    files = TeamFiles(env.stack.folder, env.written, mounted)
    faults = [
        *links,
        *lint_model(
            model,
            env.released,
            env.config.kind,
            files,
            env.unbuilt,
            has_source=env.stack.source is not None,
        ),
        *unmounted(model, env.written),
        *unmounted_volumes(model, env.stack.migrations),
        *left_out_faults(model, env.stack.left_out),
        *alone_faults(model, env.alone),
        *unbuilt_faults(model, env.unbuilt),
        *unshared_faults(model, env.stack.services),
        *unset_secrets(model, env.values),
        *out_of_reach(model, env.stack.folder, engine),
        *refusals([one for one in found if not _is_refused_anyway(one, env)]),
        *network_faults(model, env.config.known_as),
        *published_faults(model, env.kept_ports),
        *(missing_files(env.written) if is_local(engine) else ()),
        *_weak_logins(env, model),
    ]
    if faults:
        raise StackFileError(
            f"checking {', '.join(env.config.compose_files)} of {env.stack.name} for {env.name}",
            "; ".join(faults),
            "Correct the compose files, or stack.yaml",
        )


def _is_refused_anyway(one: Danger, env: OpenEnvironment) -> bool:
    """No reason helps where a slot could not run beside another."""
    return one.service in env.released and one.detail.startswith("network_mode")


def _mounted(env: OpenEnvironment) -> tuple[Collection[str], list[str]]:
    """Names of the files that the released services are given, and what is wrong with the folders
    they lie in."""
    try:
        return env.files_of(env.released), []
    except StackFileError as fault:
        return (), [f"{fault.came_back}. {fault.to_do}"]


def _weak_logins(env: OpenEnvironment, model: ComposeModel) -> list[str]:
    """Default passwords in the compose files; those in the env file are faults of the env file."""
    weak = [] if env.config.kind == "development" else env.weak_passwords
    told = {*env.weak_in(env.values), *env.stack.accepted_passwords}
    return [
        f"{_place_of(key, model)}: {DEFAULT_PASSWORD}. {to_accept(key)}"
        for key in weak
        if key not in told
    ]


def _place_of(key: str, model: ComposeModel) -> str:
    """The first service that is given it, such a password before another; the key alone where it
    stands in a file of its own."""
    given = {name: one.get("environment") or {} for name, one in model["services"].items()}
    there = [name for name, said in given.items() if key in said]
    weak = [name for name in there if default_passwords({key: str(given[name][key])}, [key])]
    name = next(iter(weak or there), None)
    return f"services.{name}.environment.{key}" if name else key


def privileges(
    env: OpenEnvironment, model: ComposeModel, projects: Collection[str] | None = None
) -> tuple[Danger, ...]:
    """What the compose files give containers of the host, with the reasons of the stack file; in
    development nobody asks.

    `projects` are the base projects of others; without them, stack files and ledger are asked.
    """
    if env.config.kind == "development":
        return ()
    files = [env.stack.folder / file for file in env.config.compose_files]
    read = env.compose.env_files(files, env.values, env.base_project)
    services = {
        name: {**service, "env_file": read.get(name, [])}
        for name, service in model["services"].items()
    }
    paths = HostPaths(
        env.stack.folder,
        (env.settings.home, env.settings.stacks),
        _engine(env),
        known_projects(env) if projects is None else projects,
    )
    return dangers({**model, "services": services}, paths, env.stack.allow)


def _engine(env: OpenEnvironment) -> str:
    """Its address; empty for the one of this machine."""
    return env.host.url or os.environ.get("DOCKER_HOST", "")
