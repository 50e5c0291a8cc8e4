"""The edge of this machine and the blocks that name it. Imported only after the Prefect API's
address is set."""

from __future__ import annotations

import contextlib
import time

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from rich.console import Console
from rich.markup import escape

from blocks.docker.host import DockerHost
from blocks.edges.traefik.container import EdgeAddresses, EdgeMaker
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.forwarders import EngineForwarders
from blocks.edges.traefik.looked_at import refuse_foreign
from blocks.edges.traefik.replacing import EdgeReplacing
from blocks.messengers.apprise_notifier import AppriseNotifier
from blocks.messengers.webhook import SlackWebhook
from blocks.registries.registry import Registry
from cli.run import images
from tidegate.each import each
from tidegate.edge.facts import KnownName, Route
from tidegate.edge.known_names import known_names
from tidegate.errors import EdgeError
from tidegate.ledger.adoptions import ports_that_serve
from tidegate.ledger.ledger import Ledger
from tidegate.settings import Settings

LOCAL = "local"
OLD_HOSTS = "docker-host"


def start_edge(settings: Settings) -> EdgeAddresses:
    """The reverse proxy in a container of its own, on the ports of the settings. One that serves is
    never replaced here; a replacement that a crash interrupted is brought to its end."""
    routes = settings.home / "edge"
    routes.mkdir(parents=True, exist_ok=True)
    # for the edge's own user; others of this machine do not get through the home
    routes.chmod(0o755)
    refuse_foreign(maker_of(settings), f"starting the edge {settings.edge_name}")
    replacing_of(settings).finish()
    addresses = maker_of(settings).ensure()
    edge_of(settings, addresses).renew()
    return addresses


def open_names(host: DockerHost, edge: TraefikEdge, ledger: Ledger) -> list[str]:
    """Have a forwarder for each name and port by which others call who serves, where somebody has
    removed it. Returns a sentence for each stack of which one cannot be had."""
    serving = {f"{one.stack} {one.environment}": one for one in edge.routes().good if one.targets}

    def have(route: Route) -> None:
        called = known_names(route.targets[0])
        taken_over = ports_that_serve(ledger, route.stack, route.environment)
        ours = [one for one in called if isinstance(one, KnownName) or one.port not in taken_over]
        EngineForwarders(host).have(route.stack, route.environment, ours)

    opened = each(serving, have, "opening the names of")
    return [f"{fault.name}: {fault.error}" for fault in opened.faulty]


def replace_edge(settings: Settings, console: Console, *, accept_outage: bool) -> None:
    """Put the edge of now in the place of the one that serves. Raises EdgeError where that would
    lose requests."""
    replacing, begun = replacing_of(settings), time.monotonic()
    reason = replacing.why_impossible()
    if reason is None:
        addresses = replacing.replace()
        console.print(
            f"[green]✓[/green] The edge was replaced in {time.monotonic() - begun:.1f} s; "
            f"the old one served {addresses.public_url} until the new one did."
        )
    elif accept_outage:
        seconds = replacing.replace_with_outage()
        console.print(
            "[yellow]![/yellow] The edge was replaced. Nobody was served for "
            f"{seconds:.1f} s ({escape(reason)})."
        )
    else:
        raise EdgeError(
            "replacing the edge without an outage",
            reason,
            "Nothing was changed. Run it as root where iptables is, or accept some "
            "seconds without an edge by --accept-outage",
        )


def replacing_of(settings: Settings) -> EdgeReplacing:
    public, check = (
        f"http://127.0.0.1:{port}" for port in (settings.edge_port, settings.edge_check_port)
    )
    return EdgeReplacing(
        maker_of(settings), edge_of(settings, EdgeAddresses(settings.edge_name, public, check))
    )


def maker_of(settings: Settings) -> EdgeMaker:
    image = settings.edge_image or images(settings.home).get("EDGE_IMAGE", "traefik:v3.7")
    return EdgeMaker(
        local_host(settings),
        image,
        settings.home / "edge",
        settings.edge_port,
        settings.edge_check_port,
        trusted_fronts=settings.fronts,
    )


def local_host(settings: Settings) -> DockerHost:
    return DockerHost(edge_network=settings.edge_name)


def register_blocks(settings: Settings, addresses: EdgeAddresses) -> None:
    """The types of all blocks, and this machine's host and edge under the name `local`, written
    anew each time."""
    for kind in (DockerHost, TraefikEdge, Registry, SlackWebhook, AppriseNotifier):
        kind.register_type_and_schema()
    carry_over_hosts()
    local_host(settings).save(LOCAL, overwrite=True)
    edge_of(settings, addresses).save(LOCAL, overwrite=True)


def carry_over_hosts() -> None:
    """Copy the hosts of 0.1, whose type had the name of another collection's; a copy that is there
    stays as it is."""
    with get_client(sync_client=True) as client, contextlib.suppress(ObjectNotFound):
        there = {
            one.name
            for one in client.read_block_documents_by_type(DockerHost.get_block_type_slug())
        }
        for old in client.read_block_documents_by_type(OLD_HOSTS):
            if old.name and old.name not in there and {*old.data} <= {*DockerHost.model_fields}:
                DockerHost(**old.data).save(old.name)


def edge_of(settings: Settings, addresses: EdgeAddresses) -> TraefikEdge:
    return TraefikEdge(
        config_directory=settings.home / "edge",
        public_url=addresses.public_url,
        check_url=addresses.check_url,
    )
