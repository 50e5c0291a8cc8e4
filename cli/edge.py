"""The edge of this machine and the blocks that name it. Imported only after the Prefect API's address is set."""

from __future__ import annotations

from blocks.apprise_notifier import AppriseNotifier
from blocks.docker_host import DockerHost
from blocks.edge_container import EdgeAddresses, ensure_edge
from blocks.registry import Registry
from blocks.traefik import TraefikEdge
from blocks.webhook import SlackWebhook
from cli.run import images
from tidegate.settings import Settings

LOCAL = "local"


def start_edge(settings: Settings) -> EdgeAddresses:
    """The reverse proxy in a container of its own, on the ports of the settings."""
    routes = settings.home / "edge"
    routes.mkdir(parents=True, exist_ok=True)
    routes.chmod(0o755)   # for the edge's own user; others of this machine do not get through the home
    addresses = ensure_edge(local_host(settings), images(settings.home).get("EDGE_IMAGE", "traefik:v3.7"), routes,
                            settings.edge_port, settings.edge_check_port, name=settings.edge_name)
    edge_of(settings, addresses).renew()
    return addresses


def local_host(settings: Settings) -> DockerHost:
    return DockerHost(edge_network=settings.edge_name)


def register_blocks(settings: Settings, addresses: EdgeAddresses) -> None:
    """The types of all blocks, and this machine's host and edge under the name `local`; edited ones are kept."""
    for kind in (DockerHost, TraefikEdge, Registry, SlackWebhook, AppriseNotifier):
        kind.register_type_and_schema()
    local_host(settings).save(LOCAL, overwrite=True)
    edge_of(settings, addresses).save(LOCAL, overwrite=True)


def edge_of(settings: Settings, addresses: EdgeAddresses) -> TraefikEdge:
    return TraefikEdge(config_directory=settings.home / "edge", public_url=addresses.public_url, check_url=addresses.check_url)
