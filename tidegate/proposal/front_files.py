"""To which services a front such as nginx or Caddy leads, by the configuration that it is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.known_images import FRONTS
from tidegate.proposal.roles import LEADS_TO, made_from


def with_leads(model: ComposeModel, text_of: Callable[[Mapping[str, Any]], str]) -> ComposeModel:
    """The model, where each front says to whom it leads; `text_of` reads its configuration."""
    services: Mapping[str, Any] = model["services"]
    fronts = [name for name, one in services.items() if FRONTS.search(made_from(one, Dockerfile()))]
    told = {name: _named(text_of(services[name]), services) for name in fronts}
    return {
        **model,
        "services": {
            name: {**one, LEADS_TO: told[name]} if told.get(name) else one
            for name, one in services.items()
        },
    }


def _named(text: str, services: Mapping[str, Any]) -> list[str]:
    """`web` of `proxy_pass http://web;`, `server web:8000;` and `reverse_proxy web:8000`."""
    return [
        name
        for name in services
        if re.search(rf"(?:https?://|(?<![\w./-])(?=\S+:\d)){re.escape(name)}(?![\w.-])", text)
    ]
