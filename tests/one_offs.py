"""`docker compose run`, as people use it beside what runs: its container stays when it has ended."""

from __future__ import annotations

from docker.models.containers import Container

from blocks.docker.compose import Compose, fed
from blocks.docker.host import DockerHost
from tidegate.facts import ComposeModel

MOST_SECONDS = 30


def run_one_off(host: DockerHost, project: str, model: ComposeModel, service: str) -> Container:
    """The container that a command in a service of `model` has left."""
    left_out = ("depends_on", "profiles")
    alone = {key: one for key, one in model["services"][service].items() if key not in left_out}
    model = {**model, "services": {service: alone}}
    command = Compose(host).command
    words = ("run", "--detach", "--no-deps", service, "true")
    outcome = command.run("-p", project, "-f", "-", *words, doing="running once", stdin=fed(model))
    assert outcome.exit_code == 0, outcome.stderr
    container = host.client.containers.get(outcome.stdout.split()[-1])
    container.wait(timeout=MOST_SECONDS)
    return container
