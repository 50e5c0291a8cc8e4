"""What BuildKit prints with `--progress plain`: base images, steps, the end of a failed one."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

from blocks.docker.compose_command import WARNING

SHOWN_LINES = 40
_BASE = re.compile(
    r"#(\d+) (?:\[(?:[^\]]* )?(?:internal|context [^\]]+)\] load metadata for (\S+)"
    r"|(?:\[[^\]]*\] )?FROM ([^\s@]+)\Z)"
)
"""Old engines load no metadata of an image that is only copied from: they name it at its step."""
_FAILED = re.compile(r"#(\d+) ERROR\b")
_WORTH_TELLING = re.compile(
    r"#\d+ \[(?![^\]]*\binternal\])|#\d+ DONE (?!0\.)|#\d+ (?:ERROR|CANCELED)\b"
)
_TAG_BEFORE_DIGEST = re.compile(r":[^:/@]+@")


@dataclass
class BuildOutput:
    """Heard line by line."""

    lines: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN_LINES))
    code: int = 0
    _bases: dict[str, str] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)

    def hear(self, line: str) -> str:
        """Returns what of it belongs into a run's log: steps and their time; else nothing."""
        if line.strip() and not WARNING.match(line):
            self.lines.append(line)
        if base := _BASE.match(line):
            self._bases[base[1]] = _TAG_BEFORE_DIGEST.sub("@", base[2] or base[3])
        if failed := _FAILED.match(line):
            self._failed.add(failed[1])
        return line if _WORTH_TELLING.match(line) else ""

    @property
    def bases(self) -> list[str]:
        """Full names of the images from outside that the build starts from or copies from, such as
        `docker.io/library/python:3.12`, sorted."""
        return sorted(set(self._bases.values()))

    @property
    def missing(self) -> list[str]:
        """Those that BuildKit could not get hold of."""
        return sorted({name for step, name in self._bases.items() if step in self._failed})

    @property
    def end(self) -> str:
        return "\n".join(self.lines)
