"""What a release needs of its files, host, registry, edge and databases, looked at before the first
change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.data.base import (
    missing_services,
    refuse_missing_volumes,
    refuse_occupied,
    refuse_open_networks,
    refuse_shared,
)
from tasks.data.by_hand import refuse_by_hand
from tasks.frame.adapters import MissingNotifier
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import is_retryable, without_secrets
from tasks.plan.base_plan import check_base
from tasks.plan.builds import refuse_faulty_builds
from tasks.plan.compose_checks import privileges, refuse_faulty_compose
from tasks.plan.database_checks import check_databases
from tasks.plan.doors import refuse_foreign_answers, refuse_taken_doors
from tasks.plan.known_names import check_known_names
from tasks.plan.missing_logins import refuse_missing_logins
from tasks.plan.networks import check_networks
from tasks.slots.in_place import beside_old
from tasks.slots.state import running_slots
from tidegate.errors import CapacityError, EngineError, StackFileError, TidegateError
from tidegate.facts import CheckResult, ComposeModel, HostFacts
from tidegate.ledger.adoptions import adopted, ports_of
from tidegate.stack.recipes import base_sections
from tidegate.stack.slot import memory_needed, published_ports
from tidegate.versions import Version

LEAST_DISK_RATIO = 0.05
LEAST_DISK_BYTES = 2 << 30
SPARE_MEMORY_BYTES = 256 << 20

Check = Callable[[OpenEnvironment, ComposeModel], Iterator[CheckResult]]
"""Yields what was found good; raises what was not."""


@task(
    task_run_name="check {env.base_project}",
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=is_retryable,
    timeout_seconds=600,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def check_environment(env: OpenEnvironment, version: Version) -> tuple[CheckResult, ...]:
    """Look at everything a release of `version` needs, all faults at once, before anything changes.

    Needs: nothing. Leaves: nothing. Again: looks again. Undo: nothing to undo.
    """
    with without_secrets(env.redactor):
        model = env.model()  # refuses faulty values first
        _refuse_faulty_files(env, model)
        base = partial(check_base, version=version)
        return tuple(_all_good(env, model, (*CHECKS, base)))


@task(
    task_run_name="check {env.base_project} before it is taken over",
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=is_retryable,
    timeout_seconds=600,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def check_takeover(env: OpenEnvironment) -> tuple[CheckResult, ...]:
    """Look at what a takeover needs: sound files, a free door at the edge, and databases that
    answer.

    Needs: nothing. Leaves: nothing. Again: looks again. Undo: nothing to undo.
    """
    with without_secrets(env.redactor):
        model = env.model()
        _refuse_faulty_files(env, model)
        return tuple(_all_good(env, model, CHECKS_OF_TAKEOVER))


def _all_good(
    env: OpenEnvironment, model: ComposeModel, checks: Sequence[Check]
) -> list[CheckResult]:
    results = [_passed("compose files", "clean")]
    faults: list[TidegateError] = []
    for check in checks:
        try:
            results += check(env, model)
        except EngineError:
            raise  # without it, the other checks would only say the same in other words
        except TidegateError as fault:
            faults.append(fault)
    if faults:
        raise _joined(env, faults)
    return results


def _joined(env: OpenEnvironment, faults: list[TidegateError]) -> TidegateError:
    """One fault as it is; several as one text, tried again where one of them may go away by
    itself."""
    if len(faults) == 1:
        return faults[0]
    return TidegateError(
        f"checking {env.stack.name} {env.name} before the release",
        "; ".join(f"{fault.doing}: {fault.came_back}" for fault in faults),
        ". ".join(dict.fromkeys(fault.to_do for fault in faults)),
        retryable=any(fault.retryable for fault in faults),
    )


def _refuse_faulty_files(env: OpenEnvironment, model: ComposeModel) -> None:
    refuse_faulty_compose(env, model, privileges(env, model))
    refuse_missing_logins(env)


def _host(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    facts = env.measures.facts()
    yield _passed("engine", f"Docker {facts.engine_version}, {facts.platform}")
    found = {
        name: f"{_gib(free)} free, {_gib(need)} needed"
        for name, free, need in _amounts(facts, env, model)
    }
    if short := [name for name, free, need in _amounts(facts, env, model) if free < need]:
        raise CapacityError(
            f"measuring the host {env.config.host!r}",
            "; ".join(f"{name}: {found[name]}" for name in short),
            "Free some, or use a larger host",
        )
    yield from (_passed(name, detail) for name, detail in found.items())


def _amounts(
    facts: HostFacts, env: OpenEnvironment, model: ComposeModel
) -> tuple[tuple[str, int, int], ...]:
    """Name, bytes free, bytes needed."""
    least_disk = max(LEAST_DISK_BYTES, int(facts.disk_total * LEAST_DISK_RATIO))
    return (
        ("disk", facts.disk_free, least_disk),
        (
            "memory",
            facts.memory_free,
            memory_needed(model, beside_old(env)) * slots_to_come(env) + SPARE_MEMORY_BYTES,
        ),
    )


def slots_to_come(env: OpenEnvironment) -> int:
    """How many slots must find room: the new one, and the one that stays warm, unless it takes its
    memory already.

    So a release leaves room for the next one, in which three run side by side.
    """
    return 2 if env.config.keep_warm and len(running_slots(env)) < 2 else 1


def _base(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    """Base services that start for the first time take volumes, names and ports of the host; slots
    publish none."""
    missing = missing_services(env, model)
    refuse_missing_volumes(env, model)
    refuse_open_networks(env, model)
    refuse_by_hand(env, model)
    refuse_occupied(env, model, missing)
    refuse_shared(env)
    for name in missing:
        for address, port in published_ports(model, name):
            env.measures.require_free_port(port, address)
            yield _passed(f"port {port}", f"free for {name}")
    yield from _ports_to_be_freed(env)
    if missing:
        first = [name for name in missing if name in base_sections(model, env.stack)]
        built = f" ({', '.join(first)} built from the commit)" if first else ""
        yield _passed(
            "base services",
            f"{', '.join(missing)} will be started{built}, and nobody else has their data",
        )


def _ports_to_be_freed(env: OpenEnvironment) -> Iterator[CheckResult]:
    """Of the containers that were taken over and serve still: whoever comes by them must know
    before they are stopped. A port that is kept is told too."""
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    for one in adopted(env.ledger, env.stack.name, env.name, serving.slot) if serving else ():
        for port, number in ports_of(one).items():
            kept = number in env.config.kept_numbers
            by_whom = "the version that serves" if kept else "nobody"
            yield _passed(
                f"port {port}",
                f"is served by {one['name']} until this release stops it, and by {by_whom} "
                "afterwards",
            )


def _registry(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    if env.registry:
        env.registry.check()
        yield _passed("registry", f"{env.registry.url} answers")


def _edge(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    """Every host name is ours alone; what answers there is told with stack and environment. A front
    is believed."""
    if env.config.https and not env.settings.fronts:
        raise StackFileError(
            f"looking how people come to {env.stack.name} {env.name}",
            "stack.yaml says by https, and the edge believes no front: it would tell "
            "the application that they come by http",
            "Set TIDEGATE_TRUSTED_FRONTS (`tidegate docs settings`), "
            "then `tidegate stop`, `tidegate run` and `tidegate edge replace`",
        )
    env.edge.route(env.stack.name, env.name)
    refuse_taken_doors(env)
    for domain, served in refuse_foreign_answers(env).items():
        yield _passed("edge", f"{domain} → {served}" if served else f"{domain} is free")
    if faulty := env.edge.routes().faulty:
        yield _passed(
            "edge's folder", f"the switch sets aside what is foreign: {'; '.join(faulty)}"
        )


def _notifiers(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    for one in env.notifiers.values():
        if isinstance(one, MissingNotifier):
            raise one.error
    if env.notifiers:
        yield _passed("notifiers", ", ".join(env.notifiers))


def _builds(env: OpenEnvironment, model: ComposeModel) -> Iterator[CheckResult]:
    refuse_faulty_builds(env)
    if any(one.is_built for one in env.stack.services) or base_sections(model, env.stack):
        yield _passed("builds", "from the commit alone, no secret in them")


CHECKS: tuple[Check, ...] = (
    _host,
    _builds,
    check_networks,
    check_known_names,
    _base,
    _registry,
    _edge,
    _notifiers,
    check_databases,
)
CHECKS_OF_TAKEOVER: tuple[Check, ...] = (
    check_networks,
    check_known_names,
    _edge,
    _notifiers,
    check_databases,
)


def _passed(name: str, detail: str) -> CheckResult:
    return CheckResult(name=name, outcome="pass", detail=detail, seconds=0.0)


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"
