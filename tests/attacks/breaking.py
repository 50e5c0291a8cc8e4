"""Ways to break one stack of an installation."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.world import NAMES, World

Break = Callable[[World, str], object]


@dataclass(frozen=True)
class Broken:
    """A way to break one stack, and whether it can still be opened: for a look and for a way
    back."""

    how: Break
    opens: bool = False
    is_read: bool = False
    """Whether its stack file is good."""


def text(content: str | bytes) -> Break:
    return lambda made, name: (made.folder(name) / "stack.yaml").write_bytes(
        content.encode() if isinstance(content, str) else content
    )


def more(line: str) -> Break:
    def add(made: World, name: str) -> None:
        file = made.folder(name) / "stack.yaml"
        file.write_text(file.read_text() + line)

    return add


def replaced(how: Callable[[Path], object], file: str = "stack.yaml") -> Break:
    def replace(made: World, name: str) -> None:
        (made.folder(name) / file).unlink()
        how(made.folder(name) / file)

    return replace


def without(kind: str, block: str) -> Break:
    return lambda made, name: made.blocks.pop((kind, block.format(name=name)))


def watch_memory(content: str) -> Break:
    def write(made: World, name: str) -> None:
        (made.settings.home / "watch").mkdir()
        (made.settings.home / "watch" / f"{name}_prod.json").write_text(content)

    return write


BREAKS = {
    "digits": Broken(more(f"smoke_repeat_seconds: {'9' * 5000}\n")),
    "brackets": Broken(text("a: " + "[" * 3000)),
    "a folder of time zones": Broken(more("time_zone: Europe\n")),
    "twice": Broken(more("title: other\n")),
    "laughs": Broken(
        text(
            "a: &a [x, x]\n"
            + "".join(
                f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n"
                for a, b in zip("abcdef", "bcdefg", strict=True)
            )
        )
    ),
    "bytes": Broken(text(b"\xff\xfe\x00")),
    "nothing": Broken(text("")),
    "a list": Broken(text("- a")),
    "unknown key": Broken(more("colour: red\n")),
    "a folder": Broken(replaced(Path.mkdir)),
    "a pipe": Broken(replaced(lambda file: os.mkfifo(file))),
    "a link to nothing": Broken(replaced(lambda file: file.symlink_to("gone"))),
    "the name of another": Broken(
        lambda made, name: (made.folder(name) / "stack.yaml").write_text(
            (made.folder(NAMES[NAMES.index(name) - 1]) / "stack.yaml").read_text()
        )
    ),
    "a date": Broken(more("language: 2026-02-30\n")),
    "renamed": Broken(
        lambda made, name: made.folder(name).rename(made.settings.home / "elsewhere")
    ),
    "environment gone": Broken(
        lambda made, name: (made.folder(name) / "stack.yaml").write_text(
            (made.folder(name) / "stack.yaml").read_text().replace("  prod:", "  staging:")
        ),
        is_read=True,
    ),
    "no host": Broken(without("DockerHost", "{name}"), is_read=True),
    "no edge": Broken(without("TraefikEdge", "{name}"), is_read=True),
    "no secret": Broken(without("Secret", "{name}-token"), opens=True, is_read=True),
    "no notifier": Broken(without("SlackWebhook", "chat-{name}"), opens=True, is_read=True),
    "no env file": Broken(
        lambda made, name: (made.folder(name) / ".env").unlink(), opens=True, is_read=True
    ),
    "a slip in the env file": Broken(
        replaced(lambda file: file.write_text("A=1\nnonsense here\nA=2\n"), ".env"),
        opens=True,
        is_read=True,
    ),
    "a placeholder": Broken(
        replaced(lambda file: file.write_text("A=CHANGEME\n"), ".env"), opens=True, is_read=True
    ),
    "a key in two places": Broken(
        replaced(lambda file: file.write_text("TOKEN=another\n"), ".env"), opens=True, is_read=True
    ),
    "env file is a folder": Broken(replaced(Path.mkdir, ".env"), opens=True, is_read=True),
    "no compose file": Broken(
        lambda made, name: (made.folder(name) / "compose.yaml").unlink(), opens=True, is_read=True
    ),
    "silent": Broken(lambda made, name: made.apps.silent.add(name), opens=True, is_read=True),
    "ill": Broken(lambda made, name: made.apps.ill.add(name), opens=True, is_read=True),
    "half a memory": Broken(watch_memory('{"number": 2, "sam'), opens=True, is_read=True),
    "a strange memory": Broken(
        watch_memory('{"number": 2, "samples": [1]}'), opens=True, is_read=True
    ),
}
