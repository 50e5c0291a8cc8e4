"""A machine of its own: network, processes and a Docker Engine that ends with it. There the
registries whose names the seeds say are one of this run, and every port of the host is free."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

MOST_SECONDS = 60
HUB, GHCR = "127.0.0.1:5000", "127.0.0.2"
"""Where the registry answers: as a mirror of Docker Hub, and as ghcr.io by TLS. The engine accepts
any certificate of an address of the loopback network."""
_SPACES = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_REAPING = 'mount -t tmpfs none /run && ip link set lo up && "$@"; exit $?'
"""The shell stays: it is the process that takes up what others leave."""
_REGISTRY = """
version: 0.1
log: {{level: warn}}
http: {{addr: "{address}"{tls}}}
storage: {{filesystem: {{rootdirectory: {folder}/images}}}}
"""


def run_on_it(module: str, words: Sequence[str]) -> int:
    """Carry out `python -m module words` there. Whatever it started is gone at its end."""
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(["unshare", *_SPACES, "sh", "-c", _REAPING, "sh", *command]).returncode


@contextmanager
def engine(folder: Path) -> Iterator[None]:
    """The engine of that machine, at the usual place."""
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{GHCR} ghcr.io\n")
    _run("mount", "--bind", str(hosts), "/etc/hosts")
    options = ["--data-root", str(folder / "engine"), "--exec-root", "/run/docker"]
    options += ["--registry-mirror", f"http://{HUB}"]
    options += ["--default-address-pool", "base=172.16.0.0/12,size=24"]
    with _running(folder, "dockerd", *options):
        _until_it_answers("docker", "version")
        yield


@contextmanager
def registry(folder: Path) -> Iterator[None]:
    """One store of images behind both names."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    _run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ghcr.io"),
        *("-keyout", str(key), "-out", str(certificate), "-days", "2"),
    )
    tls = f", tls: {{certificate: {certificate}, key: {key}}}"
    for name, address, secured in (("hub", HUB, ""), ("ghcr", f"{GHCR}:443", tls)):
        text = _REGISTRY.format(address=address, tls=secured, folder=folder)
        (folder / f"{name}.yaml").write_text(text)
    with (
        _running(folder, "docker-registry", "serve", str(folder / "hub.yaml")),
        _running(folder, "docker-registry", "serve", str(folder / "ghcr.yaml")),
    ):
        for url in (f"http://{HUB}/v2/", "https://ghcr.io/v2/"):
            _until_it_answers("curl", "--silent", "--fail", "--insecure", url)
        yield


@contextmanager
def _running(folder: Path, *command: str) -> Iterator[None]:
    with (folder / f"{command[0]}.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=MOST_SECONDS)


def _until_it_answers(*command: str) -> None:
    end = time.monotonic() + MOST_SECONDS
    while subprocess.run(command, capture_output=True, check=False).returncode:
        assert time.monotonic() < end, f"no answer: {' '.join(command)}"
        time.sleep(0.2)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=MOST_SECONDS)
