"""What a release would need of this machine and its surroundings, looked at without a release."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from functools import partial

from tasks.frame import adapters
from tasks.plan.preflight import LEAST_DISK_BYTES, LEAST_DISK_RATIO
from tidegate.diagnosis import Look
from tidegate.errors import InputError, LedgerError, RegistryError
from tidegate.ledger.auditing import compare
from tidegate.settings import Settings
from tidegate.stack.catalogue import Catalogue, every_stack

LOCAL = "local"


def looks(settings: Settings, *, has_server: bool) -> Iterator[tuple[str, Look]]:
    """By name, in the order in which a person reads them. Without a server nobody knows the blocks
    of other hosts."""
    stacks = every_stack(settings.stacks)
    hosts = list(
        dict.fromkeys(
            [LOCAL, *(config.host for one in stacks.good for config in one.environments.values())]
        )
    )
    for name in hosts if has_server else [LOCAL]:
        yield from _of_host(settings, name, has_server=has_server)
    yield "stack files", partial(_stack_files, stacks)
    for domain in sorted(
        {
            one
            for stack in stacks.good
            for config in stack.environments.values()
            for one in config.domains
        }
    ):
        yield f"DNS {domain}", partial(dns, domain)
    yield "ledger", partial(_ledger, settings)


def dns(domain: str, resolve: Callable[[str], list[str]] | None = None) -> str:
    """Names below `localhost` need no name server (RFC 6761). Raises InputError."""
    if domain == "localhost" or domain.endswith(".localhost"):
        return "this machine"
    try:
        return ", ".join((resolve or _addresses)(domain))
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"looking up {domain}",
            f"no name server knows it ({getattr(error, 'strerror', None) or error})",
            "Let its DNS record lead to what people come by",
        ) from None


def _addresses(domain: str) -> list[str]:
    return sorted(
        {str(one[4][0]) for one in socket.getaddrinfo(domain, None, type=socket.SOCK_STREAM)}
    )


def _of_host(settings: Settings, name: str, *, has_server: bool) -> Iterator[tuple[str, Look]]:
    """Each opens the host anew: one that cannot be reached is told at each of its looks."""
    engine = partial(adapters.engine_looks, settings, None if name == LOCAL else name)
    at = "" if name == LOCAL else f" of {name}"
    yield f"engine{at}", lambda: engine().engine()
    yield f"compose{at}", lambda: engine().compose()
    yield f"builds{at}", lambda: engine().builds()
    yield f"disk{at}", lambda: engine().disk(LEAST_DISK_BYTES, LEAST_DISK_RATIO)
    yield f"clock{at}", lambda: engine().clock()
    if has_server:
        yield f"registry{at}", partial(_registry, name)


def _registry(name: str) -> str:
    found = adapters.registry(name)
    if found is None:
        return "none: images stay on their host"
    if not found.url:
        raise RegistryError(
            f"reading the block image-registry/{name}", "it has no url", "Correct it"
        )
    found.check()
    return f"{found.url} lets us in"


def _stack_files(stacks: Catalogue) -> str:
    if stacks.faulty:
        raise InputError(
            "reading the stack files",
            f"{len(stacks.faulty)} with faults: {', '.join(one.name for one in stacks.faulty)}",
            "`tidegate check` names each",
        )
    return ", ".join(one.name for one in stacks.good) or "none yet: `tidegate init` writes one"


def _ledger(settings: Settings) -> str:
    report = compare(settings)
    if not report.is_whole:
        raise LedgerError(
            "comparing the ledger with its audit trail",
            f"{len(report.findings)} difference(s)",
            "`tidegate audit verify` names each",
        )
    return f"{report.entries} entries, nothing differs"
