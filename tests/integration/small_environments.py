"""An environment of a stack as small as it can be said, opened on the real engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from blocks.docker.host import DockerHost
from blocks.edges.traefik.edge import TraefikEdge
from tasks.frame.adapters import ports_at
from tasks.frame.open_environment import OpenEnvironment
from tidegate.ledger import Ledger
from tidegate.secrecy.redaction import Redactor
from tidegate.settings import Settings
from tidegate.stack.file import Stack


def small_environment(
    name: str, folder: Path, home: Path, ledger: Ledger, **more: Any
) -> OpenEnvironment:
    """`prod` of the stack whose compose file is `c.yml` in `folder`; `web` is released. Its edge is
    nowhere. `more` is laid over what the stack file says."""
    stack = Stack.model_validate(
        {
            "name": name,
            "title": "T",
            "source": {"repository": "."},
            "smoke": [{"name": "home"}],
            "services": [{"name": "web", "image": "a/web", "port": 80, "ready_path": "/"}],
            "environments": {
                "prod": {
                    "kind": "production",
                    "compose_files": ["c.yml"],
                    "env_file": ".e",
                    "domains": ["a.test"],
                    "image_alias": "l",
                }
            },
            **more,
        }
    ).model_copy(update={"folder": folder})
    settings = Settings(home=home, stacks=folder)
    edge = TraefikEdge(
        config_directory=folder, public_url="http://nowhere", check_url="http://nowhere"
    )
    return OpenEnvironment(
        **vars(ports_at(settings, stack, "prod", DockerHost(), edge)),
        settings=settings,
        stack=stack,
        name="prod",
        ledger=ledger,
        config=stack.environments["prod"],
        values={},
        redactor=Redactor({}),
    )
