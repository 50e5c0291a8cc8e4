"""What the recipes of released images say that somebody should know of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.file_text import file_text
from tasks.plan.findings import Finding, placed, shown
from tidegate.stack.dockerfile_risks import dockerfile_risks


def image_risks(env: OpenEnvironment) -> Iterator[Finding]:
    """Of the Dockerfiles that lie here or stand in a compose file; in a folder for several
    applications none lies here."""
    services = env.model()["services"]
    compose_files = [env.stack.folder / file for file in env.config.compose_files]
    for name in env.released:
        build = services.get(name, {}).get("build")
        if not build:
            continue
        doing, inline = f"reading {name}'s Dockerfile", build.get("dockerfile_inline")
        if inline is not None:
            path = f"services.{name}.build.dockerfile_inline"
            for risk in dockerfile_risks(str(inline)):
                said = f"{path}: {risk.text}"
                found = Finding("risk", env.stack.name, env.name, doing, said, risk.to_do)
                yield placed(found, compose_files)
            continue
        file = Path(build.get("context", ".")) / build.get("dockerfile", "Dockerfile")
        for risk in dockerfile_risks(file_text(file)):
            yield Finding(
                "risk",
                env.stack.name,
                env.name,
                doing,
                risk.text,
                risk.to_do,
                shown(file),
                risk.line,
            )
