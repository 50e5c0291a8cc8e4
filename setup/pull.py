"""Pulls one public image. Where the registry does not answer at once, it is given up quickly."""

import contextlib
import queue
import subprocess
import threading
from typing import IO

from setup.step import asked

FIRST_ANSWER_SECONDS = 15
SILENCE_SECONDS = 120


def ensure(image: str) -> bool:
    """Whether `image` is on the engine now."""
    return asked(["docker", "image", "inspect", "--format", "{{.Id}}", image]) is not None or _pull(
        image
    )


def _pull(image: str) -> bool:
    with subprocess.Popen(
        ["docker", "pull", image], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        patience = FIRST_ANSWER_SECONDS
        with contextlib.suppress(queue.Empty):
            while lines.get(timeout=patience):
                patience = SILENCE_SECONDS
            return process.wait() == 0
        process.kill()
        return False


def _read(stream: IO[bytes], lines: "queue.Queue[bytes]") -> None:
    for line in stream:
        lines.put(line)
    lines.put(b"")
