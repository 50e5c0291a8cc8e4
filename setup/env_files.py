"""Writes the missing env files from their templates, with random passwords. Never touches one that
is there."""

import os
import secrets
from pathlib import Path

from setup.images import chosen
from setup.places import ROOT
from setup.step import say

PLACEHOLDER = "CHANGEME"


def ensure() -> str:
    templates = sorted((ROOT / "stacks").glob("*/.env.*.example"))
    written = [target.name for template in templates if (target := _write(template))]
    return f"written: {', '.join(written)}" if written else "all there"


def _write(template: Path) -> Path | None:
    target = template.with_suffix("")
    if target.exists():
        _compare_images(target)
        return None
    text = fill(template.read_text(encoding="utf-8"), chosen())
    with os.fdopen(
        os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    return target


def fill(template: str, images: dict[str, str]) -> str:
    """Each value that is CHANGEME becomes a password of its own, each image key the image chosen
    for this machine."""
    return "".join(f"{_filled(line, images)}\n" for line in template.splitlines())


def _filled(line: str, images: dict[str, str]) -> str:
    key, equals, value = line.partition("=")
    if not equals or line.startswith("#"):
        return line
    return f"{key}={secrets.token_urlsafe(18) if value == PLACEHOLDER else images.get(key, value)}"


def _compare_images(target: Path) -> None:
    """An env file stays as it is, so say where it names other images than this machine has."""
    lines = dict(
        line.split("=", 1)
        for line in target.read_text(encoding="utf-8").splitlines()
        if "=" in line
    )
    for key, image in chosen().items():
        if lines.get(key, image) != image:
            say(
                f"note: {target.parent.name}/{target.name} says {key}={lines[key]}; "
                f"this machine has {image}"
            )
