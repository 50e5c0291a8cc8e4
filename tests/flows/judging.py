"""What must be true of an installation when everything has come to its end, however it came
there."""

from __future__ import annotations

from collections.abc import Iterator

from tests.flows.installation import Installation
from tests.world.base import MemoryBaseServices
from tests.world.compose import MemoryCompose
from tests.world.engine import MemoryEngine
from tests.world.versions import Made, between
from tidegate.edge.facts import Served
from tidegate.edge.hosts import is_forwarded, is_of_host
from tidegate.facts import ContainerFacts
from tidegate.ledger.tables import Deployment
from tidegate.plan.base_changes import CONFIG_HASH_LABEL
from tidegate.policy.states import LEFT_TO_PERSON
from tidegate.policy.states import DeploymentState as S
from tidegate.stack.recipes import only_built
from tidegate.stack.slot import edge_network_name

ENVIRONMENTS = {"staging": "staging.shop.test", "prod": "shop.test"}
TOLD = {
    S.FAILED: {"failed"},
    S.ROLLED_BACK: {"failed"},
    S.NEEDS_PERSON: {"needs_person"},
    S.ROLLBACK_FAILED: {"needs_person"},
    S.EXPIRED: {"refused", "approval_expired"},
    S.REJECTED: {"rejected", "needs_person", "refused"},
}
"""By the state in which a deployment ended: one of these messages was sent about it."""
GOOD_NEWS = {
    "release": "released",
    "rollback": "rolled_back",
    "restore": "restored",
    "adoption": "adopted",
    "base": "base_changed",
}
FIRST = "v1.0.0"
"""Of which a database is built at first, in the stories that build one."""


def faults(
    made: Installation,
    began_with: dict[str, int],
    *,
    has_failed: bool = False,
    is_for_staging: bool = False,
) -> list[str]:
    """Every rule that is broken. `began_with` is the number that served in each environment when it
    began; a story that `is_for_staging` ends there, and its news are told.

    A run that `has_failed` in the clearing up, after its version was good, may have left the old
    slot running, or a port of the host that the old slot had without its forwarder: it is red.
    """
    found = [*_of_ledger(made), *_of_what_was_made(made), *_of_blog(made)]
    found += _of_what_was_kept(made)
    for name in ENVIRONMENTS:
        news = _of_news(
            made, name, began_with.get(name, 0), is_told=is_for_staging or name == "prod"
        )
        broken = [*_of_environment(made, name), *news]
        may_run = has_failed and _newest_is_good(made, name)
        found += [
            f"{name}: {fault}"
            for fault in broken
            if not (may_run and fault.endswith(("runs and serves nobody", "leads nowhere yet")))
        ]
    return found


def _newest_is_good(made: Installation, environment: str) -> bool:
    newest = made.ledger.deployments.history("shop", environment, limit=1)
    return bool(newest) and newest[0].state is S.GOOD


def serving(made: Installation) -> dict[str, int]:
    """Environment -> number of the deployment that serves."""
    current = {name: made.ledger.deployments.current("shop", name) for name in ENVIRONMENTS}
    return {name: one.number for name, one in current.items() if one}


def _of_ledger(made: Installation) -> Iterator[str]:
    yield from (
        f"the lock of {lock.environment} is held by {lock.owner}"
        for lock in made.ledger.locks.holders()
    )
    yield from (
        f"{one.environment} #{one.number} is still {one.state.value}"
        for one in made.ledger.deployments.open_ones()
        if one.state not in LEFT_TO_PERSON
    )


def _of_what_was_made(made: Installation) -> Iterator[str]:
    moments = made.world.moments
    yield from (f"made {times} times: {what}" for what, times in moments.made.items() if times > 1)
    yield from (f"asked again although it was done: {call}" for call in moments.asked_when_done)
    yield from (f"left running: {key}" for key in made.world.engine.jobs)
    yield from (f"ran twice: {twins}" for twins in made.world.engine.ran_twice)


def _of_blog(made: Installation) -> Iterator[str]:
    """A stack that has come to the shop's host name has its own paths there, whatever became of the
    shop."""
    route = made.world.edge.route("blog", "prod")
    served = made.world.edge.answering(ENVIRONMENTS["prod"], "/blog/a")
    if route and route.targets and served != Served("blog", "prod", route.targets[0].deployment):
        yield f"the edge sends people who ask for the blog to {served}"


def _of_what_was_kept(made: Installation) -> Iterator[str]:
    """How containers were started holds secrets: it goes when nothing can need it."""
    needed = {one.id for one in made.ledger.deployments.open_ones()}
    yield from (
        f"{file} was left"
        for file in (made.home / "sealed").glob("*/before.json")
        if file.parent.name not in needed
    )


def _of_environment(made: Installation, environment: str) -> Iterator[str]:
    """Where a person has been called, it is left as it is."""
    newest = next(iter(made.ledger.deployments.history("shop", environment, limit=1)), None)
    if newest and newest.state in LEFT_TO_PERSON:
        return
    now = made.ledger.deployments.current("shop", environment)
    meant = Served("shop", environment, now.number) if now else None
    for path in ("/", "/api/bills"):
        if (served := made.world.edge.answering(ENVIRONMENTS[environment], path)) != meant:
            yield f"the edge sends people who ask for {path} to {served}, and the ledger says {meant}"
    yield from _of_names(made, environment, meant)
    if now is None:
        if there := made.world.engine.attached.get(edge_network_name("edge", "shop", environment)):
            yield f"nothing serves, and the edge's network has {', '.join(there.values())}"
        return
    yield from _of_route(made, environment, now)
    yield from _of_slots(made, environment, now)
    yield from _of_base(made, environment)
    yield from _of_data(made, environment, now)


def _of_names(made: Installation, environment: str, meant: Served | None) -> Iterator[str]:
    """By each name that the edge has for other stacks, and by no other, they get who serves."""
    route = made.world.edge.route("shop", environment)
    engine = made.world.engine
    told = {host for host in route.domains if is_forwarded(host)} if route else set()
    there = engine.forwarded.get(("shop", environment), set())
    ports = {host for host in told - there if is_of_host(host)}
    yield from (f"{host} leads nowhere yet" for host in ports if not _has_its_own(engine, host))
    if told != there | ports:
        yield f"the edge has the names {told}, and the forwarders {there}"
    for host in there:
        served = made.world.edge.answering(host, "/")
        if served != meant:
            yield f"who calls {host} gets {served}, and the ledger says {meant}"


def _has_its_own(engine: MemoryEngine, host: str) -> bool:
    """Whether a container that was taken over has the port of the host, and no forwarder."""
    return engine.held(host) in engine.containers_by_name


def _of_base(made: Installation, environment: str) -> Iterator[str]:
    """One container of each service, which runs as the files say, or as it ran before."""
    project = f"shop-{environment}"
    there = [one for one in made.world.engine.of(project) if one.service in ("db", "cache")]
    changes = [
        one
        for one in made.ledger.deployments.history("shop", environment)
        if one.kind == "base" and one.was_good
    ]
    compose = MemoryCompose(made.world.engine, made.world.model)
    model = made.world.model(project)
    built = {
        one.service: one.image_id for one in there if only_built(model["services"][one.service])
    }
    hashes = MemoryBaseServices(made.world.engine, compose).hashes(model, project, built)
    for one in there:
        is_new = one.labels[CONFIG_HASH_LABEL] in hashes[one.service]
        if one.service in built:
            is_new = made.world.engine.version_of(one.image_id).name != FIRST
        if one.state != "running":
            yield f"{one.name} is {one.state}"
        if one.service in made.world.edited and is_new != bool(changes):
            yield f"{one.name} runs as {'after' if is_new else 'before'} the change"
    if len({one.service for one in there}) != len(there):
        yield f"of one base service several containers are there: {there}"
    if "db" not in {one.service for one in there}:
        yield "the database has no container"


def _of_route(made: Installation, environment: str, now: Deployment) -> Iterator[str]:
    route = made.world.edge.route("shop", environment)
    if route and (
        route.candidate
        or route.standby
        or [one.deployment for one in route.targets] != [now.number]
    ):
        yield f"the route is not settled: {route.targets}, {route.standby}, {route.candidate}"


def _of_slots(made: Installation, environment: str, now: Deployment) -> Iterator[str]:
    """The one that serves runs whole; of those that failed nothing is left; the others do not
    run."""
    slots = _slots(made, environment)
    ran = {
        one.slot for one in made.ledger.deployments.history("shop", environment) if one.switched_at
    }
    if [one.state for one in slots.get(now.slot, [])] != ["running"] * 3:
        yield f"{now.slot} serves and does not run whole"
    yield from (
        f"{project} runs and serves nobody"
        for project, there in slots.items()
        if project != now.slot and any(one.state == "running" for one in there)
    )
    yield from (f"{project} is left of what failed" for project in slots if project not in ran)


def _slots(made: Installation, environment: str) -> dict[str, list[ContainerFacts]]:
    """Those that Tidegate started, and the team's own containers where they were taken over."""
    engine = made.world.engine
    attached = engine.attached.get(edge_network_name("edge", "shop", environment), {}).values()
    taken = [
        engine.containers_by_name[name] for name in attached if name in engine.containers_by_name
    ]
    history = made.ledger.deployments.history("shop", environment)
    adopted = [one.slot for one in history if one.kind == "adoption" and one.was_good]
    return {
        **({adopted[0]: taken} if adopted and taken else {}),
        **engine.projects("shop", environment),
    }


def _of_data(made: Installation, environment: str, now: Deployment) -> Iterator[str]:
    """The schema is one with which the version can work, and no row is lost."""
    database, version = (
        made.world.databases.of(f"shop-{environment}"),
        made.world.engine.version_of(now.release.images["web"]),
    )
    revision = database.content.revision or ""
    if revision < version.head:
        yield f"{version.name} needs {version.head}, and the database is at {revision}"
    elif any(step.kind != "additive" for step in between(version.head, revision)):
        yield f"{version.name} cannot work with {revision}"
    if database.beside or database.replaced:
        yield "something stands beside the database"
    yield from _of_tenants(made, f"shop-{environment}", version)
    if database.content.rows.get("bills") != 3:
        yield f"rows were lost: {database.content.rows}"
    if beside := [name for name in made.world.engine.volumes if name.endswith("-tidegate-new")]:
        yield f"left beside: {beside}"


def _of_tenants(made: Installation, project: str, version: Made) -> Iterator[str]:
    """Databases that a pattern finds are all as in the backup or all as they were: see
    `beginnings.save_tenants`. Those with a history have what the version needs."""
    found = {
        name: one for (place, name), one in made.world.databases.found.items() if place == project
    }
    bills = {name: one.content.rows["bills"] for name, one in found.items() if one.is_there}
    old, new = {"ten_a": 2, "ten_c": 2, "ten_later": 2}, {"ten_a": 1, "ten_b": 1, "ten_c": 1}
    if bills and bills not in (old, {**new, "ten_later": 2}, new):
        yield f"some tenants are as in the backup, and some are not: {bills}"
    for name, one in found.items():
        if one.content.revision and one.content.revision < version.head:
            yield f"{version.name} needs {version.head}, and {name} is at {one.content.revision}"
    yield from (
        f"something stands beside {name}"
        for name, one in found.items()
        if one.beside or one.replaced
    )


def _of_news(
    made: Installation, environment: str, began_with: int, *, is_told: bool
) -> Iterator[str]:
    """Nothing ends without a message; one that could not be sent is shown as not sent. Good news
    only where `is_told`."""
    by_run = {sent.kind for one in made.world.notifiers.values() for sent in one.sent} & {"refused"}
    for one in made.ledger.deployments.history("shop", environment):
        if one.number <= began_with or (
            one.state is S.ROLLED_BACK and one.reason.endswith(" serves")
        ):
            continue  # of the second, the rollback that left it has told
        kinds = {
            sent.kind for sent in made.ledger.messages.of(one.id) if sent.sent_at or sent.error
        }
        if one.state is S.EXPIRED:  # its run has said so, in the name of no deployment
            kinds |= by_run
        wanted = TOLD.get(one.state, set())
        if " serves; before: " in one.reason:  # until then it was left to a person
            wanted = TOLD[S.ROLLBACK_FAILED]
        if environment == "prod" and one.state is S.GOOD:
            wanted = {GOOD_NEWS[one.kind]}
        if not is_told and kinds & {*GOOD_NEWS.values()}:
            yield f"people were told of #{one.number}: {', '.join(sorted(kinds))}"
        if wanted and not wanted & kinds:
            yield f"nobody was told that #{one.number} is {one.state.value}: {one.reason}"
