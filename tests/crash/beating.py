"""A scheduler beside the example application that must never run twice. The database itself says
whether it did: each one takes a lock that one connection alone can hold, writes that it began, and
counts as long as it lives."""

from __future__ import annotations

from pathlib import Path

import yaml

from tasks.slots.alone import role
from tests.crash.made import PROJECT, until
from tests.e2e.in_process import database_of, engine
from tests.installation import Installation

BEAT = "beat"
PROGRAM = """
import os, signal, sys, time, pymysql
told = {key: os.environ[f"MYSQL_{key.upper()}"] for key in ("host", "user", "password", "database")}
with pymysql.connect(**told, port=int(os.environ["MYSQL_PORT"]), autocommit=True) as database:
    asked = database.cursor()
    def say(what):
        asked.execute("INSERT INTO beats (what, who) VALUES (%s, %s)", [what, os.environ["HOSTNAME"]])
    asked.execute("CREATE TABLE IF NOT EXISTS beats (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(9), who VARCHAR(64))")
    asked.execute("SELECT GET_LOCK('beat', 0)")
    say("begin" if asked.fetchone()[0] == 1 else "TWICE")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        asked.execute("SELECT SLEEP(0.2)")
        say("beat")
"""


def add_beat(folder: Path) -> None:
    """Another service of the same image, in the compose file and in the stack file."""
    compose = folder / "docker-compose.yml"
    content = yaml.safe_load(compose.read_text())
    backend = content["services"]["backend"]
    content["services"][BEAT] = {
        key: backend[key] for key in ("image", "restart", "depends_on", "environment", "networks")
    } | {
        "command": ["python", "-c", PROGRAM],
        "container_name": f"{folder.name}-beat-prod",
        "healthcheck": {"disable": True},
    }
    compose.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    stack = folder / "stack.yaml"
    content = yaml.safe_load(stack.read_text())
    image = content["services"][0]["image"]
    content["services"].append(
        {"name": BEAT, "image": image, "alone": True, "stop_grace_seconds": 5}
    )
    stack.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))


def assert_one_beats(tidegate: Installation, stack: str, slot: str) -> None:
    """None ever began while another one lived; one runs, in the slot that serves, and counts on."""
    database, host = database_of(tidegate, stack), engine(tidegate)

    def beats(who: str) -> int:
        [[count]] = database.query(
            "counting", f"SELECT COUNT(*) FROM beats WHERE who = '{who}' AND what = 'beat'"
        )
        return int(count)

    twice = database.query(
        "looking for two at once", "SELECT id, who FROM beats WHERE what = 'TWICE'"
    )
    assert twice == []
    found = host.containers({"tidegate.stack": stack, "tidegate.environment": "prod"})
    seen = {(one.labels[PROJECT], one.state): one.id for one in found if role(one) == BEAT}
    assert [project for project, state in seen if state == "running"] == [slot], seen
    who = seen[slot, "running"][:12]  # what a container is called inside
    before = beats(who)
    until(lambda: beats(who) > before, lambda: f"the scheduler of {slot} stays at {before}")
