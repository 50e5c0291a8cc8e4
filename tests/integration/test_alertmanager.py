"""A real Prometheus sees errors on a real target, a real Alertmanager sends the alert, and
`incident/all` is started."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from blocks.messengers.events import RECOVERED
from cli.control_plane import ControlPlane
from tests.installation import free_ports
from tests.integration.incident_fixtures import *  # noqa: F403
from tests.integration.incident_fixtures import events_of, incident_runs, wait_for

RULES = """\
groups:
  - name: cloudlens
    interval: 200ms
    rules:
      - alert: HighErrorRate
        expr: sum(rate(requests_total{code=~"5.."}[2s])) / sum(rate(requests_total[2s])) > 0.05
        labels: {stack: cloudlens, environment: prod, severity: critical}
        annotations: {description: "{{ $value | humanizePercentage }} of the answers are 5xx"}
"""
PROMETHEUS = """\
global: {scrape_interval: 200ms, evaluation_interval: 200ms}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:%d"]}]}]}
scrape_configs: [{job_name: cloudlens, static_configs: [{targets: ["127.0.0.1:%d"]}]}]
"""
ALERTMANAGER = """\
route: {receiver: tidegate, group_by: [alertname, stack, environment], group_wait: 100ms, group_interval: 500ms}
receivers:
  - name: tidegate
    webhook_configs:
      - url: %s/alertmanager
        send_resolved: true
        http_config: {authorization: {type: Bearer, credentials_file: %s}}
"""


class Target(ThreadingHTTPServer):
    """An application that only has metrics: each look finds ten requests more, some of them 5xx
    while it is broken."""

    daemon_threads = True
    good = errors = 0
    broken = False

    def metrics(self) -> str:
        self.errors += 5 if self.broken else 0
        self.good += 5 if self.broken else 10
        return f'requests_total{{code="200"}} {self.good}\nrequests_total{{code="500"}} {self.errors}\n'


class Metrics(BaseHTTPRequestHandler):
    server: Target

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(self.server.metrics().encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@dataclass
class Program:
    """A program of the test's own, stopped by its id."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_ready(self, url: str) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                if httpx.get(url, timeout=1, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass  # not listening yet
            assert time.monotonic() < end, self.log.read_text()[-2000:]
            time.sleep(0.1)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def start(folder: Path, name: str, port: int, *arguments: str) -> Program:
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [name, f"--web.listen-address=127.0.0.1:{port}", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    program = Program(process, log)
    try:
        program.wait_until_ready(f"http://127.0.0.1:{port}/-/ready")
    except BaseException:
        program.stop()
        raise
    return program


@pytest.fixture
def target() -> Iterator[Target]:
    with Target(("127.0.0.1", 0), Metrics) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def monitoring(receiver: ControlPlane, target: Target, tmp_path: Path) -> Iterator[None]:
    alertmanager_port = free_ports(1)[0]
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "prometheus.yml").write_text(
        PROMETHEUS % (alertmanager_port, target.server_address[1])
    )
    (tmp_path / "alertmanager.yml").write_text(
        ALERTMANAGER % (receiver.receiver_url, receiver.settings.receiver_token_file)
    )
    alertmanager = start(
        tmp_path,
        "prometheus-alertmanager",
        alertmanager_port,
        "--config.file=alertmanager.yml",
        "--storage.path=alerts",
        "--cluster.listen-address=",
    )
    try:
        prometheus = start(
            tmp_path,
            "prometheus",
            free_ports(1)[0],
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            "--rules.alert.resend-delay=200ms",
        )
        try:
            yield
        finally:
            prometheus.stop()
    finally:
        alertmanager.stop()


@pytest.mark.usefixtures("monitoring")
def test_errors_that_prometheus_sees_start_one_incident_and_their_end_is_told(
    receiver: ControlPlane, target: Target
) -> None:
    assert incident_runs("alertmanager/") == []
    target.broken = True
    (run,) = wait_for(lambda: incident_runs("alertmanager/"))
    assert (run.parameters["stack"], run.parameters["environment"], run.parameters["severity"]) == (
        "cloudlens",
        "prod",
        "red",
    )
    assert run.parameters["reason"].startswith("HighErrorRate: ")
    assert run.parameters["reason"].endswith("% of the answers are 5xx")

    target.broken = False
    (recovered,) = wait_for(lambda: events_of(receiver, RECOVERED, "alertmanager/"))
    assert recovered["payload"]["signal"] == run.parameters["signal"]
    assert len(incident_runs("alertmanager/")) == 1
