"""A registry with two versions of each vendor's application."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from setup import rootfs
from tests.field.stand_ins import BUILD_SECONDS, FOLDER
from tests.installation import free_ports

MOST_SECONDS = 30
PLAYED = {
    "umami": ("3000", ("postgresql-v2.13.1", "postgresql-v2.13.2")),
    "n8n": ("5678", ("1.70.1", "1.71.0")),
}
"""Image -> its port, and the tags that its vendor gave."""
CONFIG = """
version: 0.1
log: {{level: warn}}
http: {{addr: "{address}"}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
"""


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Its address. Nobody needs an account, and what was pushed is gone with `folder`."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    folder.mkdir()
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(address=address, folder=folder))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            ["docker-registry", "serve", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        _wait(address)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=MOST_SECONDS)


@contextmanager
def published(address: str, wanted: Collection[str]) -> Iterator[Mapping[str, str]]:
    """Env key -> value, as the compose files of `examples/field` ask for it. At the end the engine
    has these names no more."""
    names = list[str]()
    for name, (port, tags) in PLAYED.items():
        for tag in tags if f"{name.upper()}_IMAGE" in wanted else ():
            names.append(f"{address}/{name}:{tag}")
            _build(names[-1], port, tag)
    for name in names:
        subprocess.run(
            ["docker", "push", "--quiet", name],
            check=True,
            capture_output=True,
            timeout=BUILD_SECONDS,
        )
    yield {f"{name.upper()}_IMAGE": f"{address}/{name}" for name in PLAYED}
    for name in names:
        subprocess.run(
            ["docker", "image", "rm", "--force", name], check=True, capture_output=True, timeout=60
        )


def _build(name: str, port: str, version: str) -> None:
    arguments = [f"BASE={rootfs.ensure_image()}", f"PORT={port}", f"VERSION={version}"]
    words = [word for one in arguments for word in ("--build-arg", one)]
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", name, *words, FOLDER / "vendor"],
        check=True,
        capture_output=True,
        timeout=BUILD_SECONDS,
    )


def _wait(address: str) -> None:
    end = time.monotonic() + MOST_SECONDS
    while True:
        try:
            httpx.get(f"http://{address}/v2/", timeout=1, trust_env=False)
            return
        except httpx.TransportError:
            assert time.monotonic() < end, "docker-registry does not answer"
            time.sleep(0.05)
