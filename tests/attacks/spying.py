"""Code that spies, planted into images, and what it found out."""

from __future__ import annotations

import json
import time

from blocks.docker.host import KEY_LABEL, DockerHost
from tests.integration.data_servers import Server
from tests.integration.histories import BILLS, ENV, INI

CANARY = "canary-31337-of-production"
HOSTILE = "tidegate-test/hostile"
SECONDS = 30
# What hostile code would do: read the values, reach the database and the world, leave something
# behind.
SPY = """
import json, os, socket
def spy():
    reached, left = [], []
    for place in {places}:
        try:
            socket.create_connection(place, 1).close()
            reached.append(place)
        except OSError:
            pass
    for path in ("/app/left", "/opt/venv/left", "/data/left", "/etc/left", "left"):
        try:
            open(path, "w").close()
            left.append(path)
        except OSError:
            pass
    return "SPY" + json.dumps(dict(values=dict(os.environ), reached=reached, left=left)) + "YPS"
"""
RAISE = "from spying import spy\nraise RuntimeError(spy())\n"
PLANTS: dict[str, dict[str, str]] = {
    "env.py": {"migrations/env.py": RAISE},
    "a model that env.py imports": {
        "migrations/env.py": "import models\n" + ENV,
        "models.py": RAISE,
    },
    "a revision": {"migrations/versions/0001.py": BILLS + RAISE},
    "a revision's upgrade": {
        "migrations/versions/0001.py": BILLS.replace(
            "op.create_table", "import spying; raise RuntimeError(spying.spy()); op.create_table"
        )
    },
    "alembic.ini": {
        "alembic.ini": INI
        + "[loggers]\nkeys=root\n[formatters]\nkeys=\n[handlers]\nkeys=h\n[logger_root]\nhandlers=h\n"
        "[handler_h]\nclass=__import__('spying').fail\nargs=()\n",
        "migrations/env.py": "from logging.config import fileConfig\nfileConfig('alembic.ini')\n",
    },
}
ANSWERS = {  # what the forger says, and what a person reads of it
    "say(MARK + json.dumps({'heads': ['0001']}))": r"it answered \d times",
    "say(MARK + json.dumps({'heads': ['0001']})); os._exit(3)": "it answered and ended with exit code 3",
    "say(MARK + '\\udcff{'); os._exit(0)": "its answer: Invalid JSON",
    "say(MARK + '[' * 100000); os._exit(0)": "its answer: Invalid JSON",
    "say(MARK + json.dumps({'heads': 'all', 'pending': 7})); os._exit(0)": "heads: Input should be a valid array; pending",
    "say(MARK + json.dumps({'heads': ['\\x1b[2J1']})); os._exit(0)": r"heads\.0: String should match pattern",
    "say(MARK + json.dumps({'heads': ['0009']})); os._exit(0)": "it shows no way from base to 0009",
    "say(MARK + json.dumps({'heads': ['a'] * 100000})); os._exit(0)": "heads: List should have at most 100 items",
}
FORGER = """
import json, os, sys
MARK = sys.modules["__main__"].MARK
def say(text):
    for fd in range(3, 20):
        try:
            os.write(fd, text.encode("utf-8", "surrogateescape") + b"\\n")
        except OSError:
            pass
"""


def values(server: Server) -> dict[str, str]:
    """Of production: each is a secret, under keys that say so and under others."""
    return server.environment | {
        "API_TOKEN": CANARY,
        "WEBHOOK": f"https://hooks.example/{CANARY}?sig={CANARY}",
        "PLAIN": CANARY,
        "DATABASE_URL": f"mysql+pymysql://{CANARY}:{CANARY}@{CANARY}.example:3307/{CANARY}?charset=utf8mb4",
        "JSON": json.dumps({"a": [CANARY, {"b": CANARY}]}),
        "DSN": f"host=db password={CANARY}",
        "LOG_LEVEL": "INFO",
    }


def spied(text: str) -> dict[str, object]:
    """What the planted code found out; it ran, or there is nothing to read."""
    assert "SPY" in text, text
    found: dict[str, object] = json.loads(text.partition("SPY")[2].partition("YPS")[0])
    return found


def nothing_left(host: DockerHost) -> bool:
    """No container of the look."""
    end = time.monotonic() + SECONDS
    while left := [
        one
        for one in host.client.containers.list(all=True, filters={"label": KEY_LABEL})
        if one.labels[KEY_LABEL].startswith("attack/")
    ]:
        assert time.monotonic() < end, [one.name for one in left]
        time.sleep(0.1)
    return True
