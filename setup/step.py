"""One line for each thing: what was done and how long it took. Commands keep their output in a
log."""

import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from setup.places import LOGS

LAST_LINES = 8
SILENT_SECONDS = 10.0


class SetupError(Exception):
    """What was being done, what came back, what to do next: one text for the person at the
    terminal."""


def step(name: str, work: Callable[[], str]) -> None:
    """Run `work` and print its sentence; before that, one that it is at work, where it takes long.
    Raises what it raises."""
    began = time.monotonic()
    waiting = threading.Timer(
        SILENT_SECONDS, say, (f"{name:<20} at work; the first time it takes minutes",)
    )
    waiting.daemon = True
    waiting.start()
    try:
        done = work()
    except SetupError as error:
        print(f"  failed  {name}: {error}", flush=True)
        raise
    finally:
        waiting.cancel()
    print(f"  {name:<20} {done}  ({time.monotonic() - began:.1f} s)", flush=True)


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def run(
    doing: str,
    command: Sequence[str | Path],
    *,
    timeout_seconds: float = 900,
    environment: Mapping[str, str] | None = None,
    stdin: int | None = subprocess.DEVNULL,
) -> str:
    """The command's stdout. Raises SetupError with the last lines of its output when it fails or
    takes too long."""
    words = [str(word) for word in command]
    try:
        ended = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            env=environment,
            stdin=stdin,
        )
    except FileNotFoundError:
        raise SetupError(f"{doing}: there is no `{words[0]}`") from None
    except subprocess.TimeoutExpired:
        raise SetupError(
            f"{doing}: no end after {timeout_seconds:.0f} s: {' '.join(words[:3])}"
        ) from None
    if ended.returncode != 0:
        raise SetupError(
            f"{doing}: exit code {ended.returncode}\n{_kept(doing, ended.stdout + ended.stderr)}"
        )
    return ended.stdout.strip()


def asked(command: Sequence[str | Path], *, timeout_seconds: float = 15) -> str | None:
    """The answer to a question that may have none: stdout, or None when the command is missing or
    says no."""
    try:
        ended = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            stdin=subprocess.DEVNULL,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return ended.stdout.strip() if ended.returncode == 0 else None


def _kept(doing: str, output: str) -> str:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"setup-{doing.replace(' ', '-').replace('/', '-')}.log"
    log.write_text(output)
    return "\n".join(output.strip().splitlines()[-LAST_LINES:]) + f"\n(all of it: {log})"
