"""What each service of a compose file is: started by each release, or there once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

from tidegate.facts import ComposeModel
from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.image_names import sharers
from tidegate.proposal.known_images import (
    CLOCKS,
    FRONTS,
    MIGRATORS,
    is_aside,
    keeps_data,
    lives_once,
)
from tidegate.stack.variables import with_defaults

Role = Literal["released", "base", "left out"]
_ALONE = re.compile(
    r"\bcelery\b.*\bbeat\b|\bcelery\b.*\bworker\b.*\s(?:-B|--beat)\b|\bcrond?\b|\bsupercronic\b|\bschedule:work\b|"
    r"\brqscheduler\b|\bclockwork\b|^\S*beat\S*\Z|\sbeat\Z"
)
"""Commands of what starts work by the clock: two of them would start it twice."""
_CLOCK_NAME = re.compile(
    r"(?:^|[-_])(?:beat|celerybeat|cron|crond|scheduler|clock|housekeeping|backups?)(?:[-_]|\Z)"
)
_ENDING = re.compile(
    r"^(?:(?:ba)?sh\s+-e?c\s+)?[\"']?\s*(?:chown|chmod|mkdir|install)\s(?!.*(?:&&|;|\bexec\b))"
)
"""Commands of what does one thing and ends: it serves nobody."""
_ENDING_NAME = re.compile(
    r"(?:^|[-_])(?:init|initiali[sz]er|migrate|migrations?|migrator|setup|seed|seeder|bootstrap|"
    r"configurator|create-?buckets?|(?:fix-)?permissions?)(?:[-_]|\Z)"
)
_DATA_NAME = re.compile(
    r"db\Z|(?:^|[-_.])(?:db|database|postgres|postgresql|mysql|mariadb|mongo|redis|clickhouse|"
    r"elasticsearch|rabbitmq)\d*\Z"
)
_WORKS_ON = re.compile(
    r"(?:^|[-_.])(?:init|migrate|setup|seed|create|wait|backup|restore|upgrade|prepare|check|import|"
    r"fix)(?:[-_.]|\Z)"
)
"""`migrate-db` is no database."""
_FOLDERS = (
    ("postgres", "/var/lib/postgresql", re.compile(r"\bPOSTGRES_(?:USER|PASSWORD|DB)\b")),
    ("mysql", "/var/lib/mysql", re.compile(r"\b(?:MYSQL|MARIADB)_(?:\w+_)?(?:USER|PASSWORD)\b")),
)
LEADS_TO = "x-leads-to"
"""Key of a front as `with_leads` makes it: the services that its configuration names."""
ADDRESS = re.compile(r"[a-z+]+://|git@")
_NONE = Dockerfile()
_TAG = re.compile(r"(?::[^/:}]*)?(?:@.*)?\Z")
_REGISTRY = re.compile(r"\A(?:localhost|[^/]*[.:][^/]*)/")


def roles_of(model: ComposeModel, dockerfiles: Mapping[str, Dockerfile]) -> dict[str, Role]:
    """Released is what is built here, and what has an image that is. Where nothing is, the
    application is an image of somebody else's: then it is what keeps no data of a known kind. A
    front such as nginx goes with what it leads to, and what starts after a released service goes
    with it. So does a job that moves the schema: each version brings its own migrations. Where only
    a front or a monitor is built, that is not the application."""
    services: Mapping[str, Any] = model["services"]
    made = {name: made_from(one, dockerfiles.get(name, _NONE)) for name, one in services.items()}
    data = {name for name in services if keeps_data(made[name]) or _is_called_data(name, services)}
    aside = _aside(services, dockerfiles) - data
    rest = {*services} - data - aside
    once = {name for name in rest if lives_once(made[name])}
    built = {name for name in rest if is_built(services[name])}
    built |= sharers(services, built).keys() & rest
    ours = {name for name in built - once if not FRONTS.search(made[name])}
    released = built | _fronts(services, rest - once, built) | _migrating(services, rest - built)
    if not ours:  # the application itself is an image of somebody else's
        released |= rest - once or rest
    released = _with_dependents(services, released, rest - once)
    return {
        name: "released" if name in released else "left out" if name in aside else "base"
        for name in services
    }


def _with_dependents(
    services: Mapping[str, Any], released: set[str], possible: set[str]
) -> set[str]:
    """Also what starts after one of them: it belongs to the same application."""
    found = {
        name
        for name in possible - released
        if not released.isdisjoint(services[name].get("depends_on") or ())
    }
    return _with_dependents(services, released | found, possible) if found else released


def _fronts(
    services: Mapping[str, Any], possible: Collection[str], built: Collection[str]
) -> set[str]:
    """Those that lead to what is built, and those with a published port where nothing else has
    one."""
    fronts = {one for one in possible if FRONTS.search(made_from(services[one], _NONE))}
    leading = {one for one in fronts if leads_to_others(services[one], built)}
    published = {one for one in {*possible, *built} if services[one].get("ports")}
    return leading | published if published <= fronts else leading


def _migrating(services: Mapping[str, Any], possible: Collection[str]) -> set[str]:
    """Jobs of a migration tool's own image, which are given the application's files."""
    return {
        one
        for one in possible
        if MIGRATORS.search(made_from(services[one], _NONE)) and ends(services[one], one)
    }


def _is_called_data(name: str, services: Mapping[str, Any]) -> bool:
    """Whether its name says that it is a database, and it waits for none."""
    return (
        _DATA_NAME.search(name) is not None
        and not _WORKS_ON.search(name)
        and not services[name].get("depends_on")
    )


def leads_to_others(service: Mapping[str, Any], others: Collection[str]) -> bool:
    """Whether it is a front, such as nginx, that starts after one of them, or whose configuration
    names one."""
    is_front = FRONTS.search(made_from(service, _NONE)) is not None
    behind = {*(service.get("depends_on") or {}), *links(service), *(service.get(LEADS_TO) or ())}
    return is_front and not behind.isdisjoint(others)


def is_built(service: Mapping[str, Any]) -> bool:
    """From files that lie here. What is built from an address and has an image is a vendor's."""
    build = service.get("build") or {}
    return bool(build) and not (
        ADDRESS.match(str(build.get("context", ""))) and service.get("image")
    )


def runs_alone(service: Mapping[str, Any], name: str = "") -> bool:
    """Whether its command, its image or its name says that it must never run twice. The name of
    what has a port of the host says less: people speak to it."""
    says_so = _ALONE.search(command_of(service)) or CLOCKS.search(made_from(service, _NONE))
    is_called_so = not service.get("ports") and _CLOCK_NAME.search(name)
    return bool(says_so or is_called_so) and not ends(service, name)


def ends(service: Mapping[str, Any], name: str = "") -> bool:
    """Whether its command or its name says that it does one thing and ends, where nothing starts it
    again after that and compose is not told so."""
    restart = str(service.get("restart") or "no")
    if service.get("deploy") or not (restart == "no" or restart.startswith("on-failure")):
        return False
    if _ENDING.search(command_of(service)):
        return service.get("restart") is None
    serves = service.get("ports") or service.get("expose") or service.get("healthcheck")
    is_job = _ENDING_NAME.search(name.lower()) or MIGRATORS.search(made_from(service, _NONE))
    return not serves and is_job is not None


def command_of(service: Mapping[str, Any]) -> str:
    said = (service.get("entrypoint"), service.get("command"))
    parts = (" ".join(one) if isinstance(one, list) else str(one or "") for one in said)
    return " ".join(filter(None, parts))


def links(service: Mapping[str, Any]) -> list[str]:
    """Names of the services that it links to."""
    return [str(one).partition(":")[0] for one in service.get("links") or ()]


def _aside(services: Mapping[str, Any], dockerfiles: Mapping[str, Dockerfile]) -> set[str]:
    """What others need to start, or speak to, is not among them."""
    needed = {other for one in services.values() for other in one.get("depends_on") or {}}
    said = {name: str(one.get("environment") or "") for name, one in services.items()}
    needed |= {
        name
        for name in services
        for other, text in said.items()
        if other != name and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text)
    }
    return {
        name
        for name, one in services.items()
        if is_aside(made_from(one, dockerfiles.get(name, _NONE)))
    } - needed


def made_from(service: Mapping[str, Any], dockerfile: Dockerfile) -> str:
    """The image without its tag: `umami:postgresql-v2` is no database; and without its registry,
    whose host may be called anything: `registry.example/shop`."""
    said = (
        dockerfile.base
        if service.get("build") and dockerfile.base
        else str(service.get("image") or "")
    )
    plain = _REGISTRY.sub("", _TAG.sub("", with_defaults(said) or said))
    return plain if keeps_data(plain) else _by_its_folder(service) or plain


def _by_its_folder(service: Mapping[str, Any]) -> str:
    """The database whose data folder it has and whose keys it is told, whatever its image is
    called; empty where there is none."""
    targets = [
        str(one.get("target") or "")
        for one in service.get("volumes") or ()
        if isinstance(one, Mapping)
    ]
    told = str(service.get("environment") or "")
    return next(
        (
            name
            for name, folder, keys in _FOLDERS
            if any(one.startswith(folder) for one in targets) and keys.search(told)
        ),
        "",
    )
