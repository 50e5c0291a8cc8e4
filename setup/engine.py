"""The Docker Engine: the one that answers, or the distribution's package, started here."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from setup.packages import install, is_known
from setup.places import HOME, LOGS
from setup.step import SetupError, asked, run, say

START_SECONDS = (
    120  # after a crash it first ends what it finds running, each container within its own grace
)
ROOM_FOR_NETWORKS = ("--default-address-pool", "base=172.16.0.0/12,size=24")
"""An engine has room for about thirty networks unless it is told otherwise, and each environment
takes two."""
CONTAINERD_PID = Path("/run/docker/containerd/containerd.pid")
BY_HAND = (
    "Install and start Docker Engine (https://docs.docker.com/engine/install/), then run this again"
)


def ensure() -> str:
    if version := answering():
        return f"answers, version {version}"
    if os.geteuid() != 0:
        raise SetupError(
            f"the Docker Engine does not answer, and only root can start it. {BY_HAND}"
        )
    if not shutil.which("dockerd"):
        _install()
    if not answering():
        _start()
    return f"started, version {answering()}"


def answering() -> str | None:
    """The version of the engine that the `docker` command reaches; None when there is none."""
    return asked(["docker", "version", "--format", "{{.Server.Version}}"])


def _install() -> None:
    if not shutil.which("apt-get"):
        raise SetupError(f"there is no Docker Engine. {BY_HAND}")
    # From Debian 13 on, the `docker` command is a package of its own.
    install("the Docker Engine", "docker.io", "iptables", *["docker-cli"] * is_known("docker-cli"))


def _start() -> None:
    if Path("/run/systemd/system").is_dir():
        run("starting the Docker Engine", ["systemctl", "start", "docker"])
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    pid_file, log = HOME / "dockerd.pid", LOGS / "dockerd.log"
    forget_if_dead(pid_file)
    forget_if_dead(CONTAINERD_PID)
    say(f"starting dockerd (log: {log})")
    with log.open("ab") as output:
        daemon = subprocess.Popen(
            ["dockerd", "--pidfile", pid_file, *ROOM_FOR_NETWORKS],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _wait(daemon, log)


def forget_if_dead(pid_file: Path) -> None:
    """Remove the pid file that a killed engine left: dockerd takes any process with that id for its
    own, a zombie too."""
    try:
        command = Path(
            f"/proc/{int(pid_file.read_text())}/cmdline"
        ).read_bytes()  # a zombie has none
    except (FileNotFoundError, ValueError):
        command = b""
    if not command.partition(b"\0")[0].endswith((b"dockerd", b"containerd")):
        pid_file.unlink(missing_ok=True)


def _wait(daemon: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answering():
        if daemon.poll() is not None or time.monotonic() > deadline:
            end = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise SetupError(
                f"dockerd does not answer (exit code {daemon.poll()}):\n{end}\n(all of it: {log})"
            )
        time.sleep(0.2)
