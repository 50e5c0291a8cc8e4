"""A version that nobody has accepted is asked about its schema history, and gets nothing of the
environment for it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.docker.host import DockerHost
from blocks.docker.host_facts import EngineMeasures, trusted_images
from blocks.migrators.alembic.history import AlembicHistory
from tests.attacks.spying import (
    ANSWERS,
    CANARY,
    FORGER,
    HOSTILE,
    PLANTS,
    SECONDS,
    SPY,
    nothing_left,
    spied,
    values,
)
from tests.images import BASE, POSTGRESQL
from tests.integration.building import builder, recipe
from tests.integration.data_servers import Server, build_image
from tests.integration.histories import BILLS, ENV, INI, TOOL_IMAGE, build_tool_image
from tidegate.errors import MigrationError
from tidegate.facts import NO_DATABASE_YET, SchemaChange
from tidegate.plan.image_labels import STACK_LABEL
from tidegate.stack.stand_ins import stand_ins

pytest_plugins = ["tests.integration.data_fixtures"]


def _places(server: Server) -> list[tuple[str, int]]:
    networks = server.host.client.containers.get(server.container).attrs["NetworkSettings"][
        "Networks"
    ]
    return [
        ("mysql", 3306),
        (networks[server.network]["IPAddress"], 3306),
        ("172.17.0.1", 22),
        ("127.0.0.1", 2375),
    ]


@pytest.fixture(scope="module")
def hostile(mysql: Server) -> Iterator[str]:
    """One image: each plant in a folder of its own, called by its place among the plants."""
    build_tool_image()
    spying = SPY.format(places=_places(mysql)) + "def fail(*_):\n    raise RuntimeError(spy())\n"
    files: dict[str, str | bytes] = {
        "Dockerfile": f"FROM {TOOL_IMAGE}\nCOPY . /app\nVOLUME /data\n"
        'ENTRYPOINT ["sh", "-c", "echo tidegate-probe:{}; sleep 1000"]\n'
    }
    plants = [
        *PLANTS.values(),
        *({"migrations/versions/0001.py": FORGER + one + "\n" + BILLS} for one in ANSWERS),
    ]
    for place, plant in enumerate(plants):
        folder = {
            "alembic.ini": INI,
            "migrations/env.py": ENV,
            "migrations/versions/0001.py": BILLS,
            "spying.py": spying,
            **plant,
        }
        files.update({f"{place}/{name}": text for name, text in folder.items()})
    yield build_image(HOSTILE, files)
    mysql.host.client.images.remove(HOSTILE, force=True)


def history(server: Server, image: str, folder: str, seconds: float = SECONDS) -> AlembicHistory:
    return AlembicHistory(
        server.host,
        image,
        stand_ins(values(server), ()),
        f"attack/{folder}",
        directory=folder,
        database="main",
        engine="mysql",
        timeout_seconds=seconds,
    )


def look(server: Server, image: str, folder: str) -> str:
    """Everything that comes out of the plan's look at an image."""
    try:
        change = history(server, image, folder).inspect(server.database().schema_state())
    except MigrationError as error:
        return str(error)
    return f"{change.upgrade_sql} {change.downgrade_sql}"


@pytest.mark.parametrize("plant", PLANTS)
def test_planted_code_reaches_nothing_sees_no_value_and_leaves_nothing(
    mysql: Server, hostile: str, plant: str
) -> None:
    said = look(mysql, hostile, f"/app/{[*PLANTS].index(plant)}")
    found = spied(said)
    assert found["reached"] == []
    assert found["left"] == []
    real = [value for value in values(mysql).values() if len(value) > 5]
    assert [value for value in real if value in json.dumps(found)] == []
    assert CANARY not in said
    assert mysql.database().row_counts() == {}
    assert nothing_left(mysql.host)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_forged_answer_is_one_clear_error(mysql: Server, hostile: str, answer: str) -> None:
    folder = f"/app/{len(PLANTS) + [*ANSWERS].index(answer)}"
    with pytest.raises(MigrationError, match=ANSWERS[answer]) as raised:
        history(mysql, hostile, folder).inspect(NO_DATABASE_YET)
    assert raised.value.doing == f"reading the schema history of {hostile}"
    assert len(str(raised.value)) < 1000
    assert str(raised.value).isprintable()


@pytest.fixture
def planted(mysql: Server) -> Iterator[Server]:
    yield mysql
    mysql.host.client.images.remove(f"{HOSTILE}:one", force=True)


def look_at(
    server: Server, files: dict[str, str], dockerfile: str = "", seconds: float = SECONDS
) -> SchemaChange:
    """A look at an image of its own, with an innocent history but for `files`."""
    build_tool_image()
    innocent = {"alembic.ini": INI, "migrations/env.py": ENV, "migrations/versions/0001.py": BILLS}
    image = build_image(
        f"{HOSTILE}:one",
        {**innocent, **files, "Dockerfile": f"FROM {TOOL_IMAGE}\nCOPY . /app\n{dockerfile}"},
    )
    return history(server, image, "/app", seconds).inspect(NO_DATABASE_YET)


def test_an_innocent_history_is_read_without_a_network(planted: Server) -> None:
    change = look_at(
        planted, {}, 'ENTRYPOINT ["sh", "-c", "sleep 1000"]\nHEALTHCHECK CMD sleep 1000\n'
    )
    assert (change.database, change.current, change.head, change.kind) == (
        "main",
        None,
        "0001",
        "additive",
    )
    assert "CREATE TABLE bills" in change.upgrade_sql


@pytest.mark.parametrize("instead_of", ["/bin/sh", "/opt/venv/bin/alembic"])
def test_a_program_of_the_image_that_answers_in_alembics_place_is_refused(
    planted: Server, instead_of: str
) -> None:
    forged = json.dumps({"heads": ["0001"], "table": None, "unknown": []})
    script = f"#!/opt/venv/bin/python\nprint('tidegate-probe:{forged}')\n"
    if instead_of != "/bin/sh":
        script = "#!/app/elsewhere\n"
    elsewhere = f"#!/opt/venv/bin/python\nimport sys\n'-c' in sys.argv or print('tidegate-probe:{forged}')\n"
    with pytest.raises(MigrationError, match="exit code 0"):
        look_at(
            planted,
            {"forger": script, "elsewhere": elsewhere},
            f'RUN ["python", "-c", "import os; os.chmod(\'/app/forger\', 0o755); os.chmod(\'/app/elsewhere\', 0o755); '
            f"os.replace('/app/forger', '{instead_of}')\"]\n",
        )


def test_an_interpreter_that_spies_at_its_start_finds_nothing(planted: Server) -> None:
    spy = SPY.format(places=_places(planted)) + (
        "import sys\n'-c' in sys.orig_argv or (os.write(2, spy().encode()), os._exit(1))\n"
    )
    with pytest.raises(MigrationError) as raised:
        look_at(planted, {"sitecustomize.py": spy}, "ENV PYTHONPATH=/app\n")
    found = spied(str(raised.value))
    assert (found["reached"], found["left"]) == ([], [])
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize(
    ("code", "seconds", "said"),
    [
        ("while True: print('x' * 4096)", SECONDS, "it printed more than 16 MiB"),
        ("while True: os.write(2, b'x' * 4096)", SECONDS, "it printed more than 16 MiB"),
        ("time.sleep(1000)", 3, "not finished after 3 s"),
        ("os.fork() or time.sleep(1000); os._exit(0)", SECONDS, "exit code 0"),
        # A busy machine may take longer to give out the memory than the history may take to read.
        ("x = b'x' * (3 << 30)", SECONDS, "exit code 137|not finished after"),
    ],
)
def test_code_without_end_is_ended_and_leaves_nothing(
    planted: Server, code: str, seconds: float, said: str
) -> None:
    with pytest.raises(MigrationError, match=said):
        look_at(
            planted,
            {"migrations/versions/0001.py": f"import os, time\n{code}\n{BILLS}"},
            seconds=seconds,
        )
    assert nothing_left(planted.host)


def test_a_fork_bomb_gets_few_processes_and_little_disk(planted: Server) -> None:
    """Three hundred processes and 100 MB are more than it gets, and harmless if it got them."""
    bomb = """import os, time
forked = 0
try:
    for _ in range(300):
        if os.fork() == 0:
            time.sleep(60)
        forked += 1
except OSError:
    pass
try:
    open("/tmp/much", "wb").write(b"x" * 100_000_000)
    written = True
except OSError:
    written = False
raise RuntimeError(f"forked {forked} times, written: {written}")
"""
    with pytest.raises(MigrationError, match=r"forked \d\d times, written: False"):
        look_at(planted, {"migrations/versions/0001.py": bomb})
    assert nothing_left(planted.host)


@pytest.fixture
def neighbour(host: DockerHost) -> Iterator[tuple[str, int]]:
    """A container on a network like that of an environment, and where it listens."""
    network = host.client.networks.create(f"tidegate-test-{uuid.uuid4().hex[:10]}")
    container = host.client.containers.run(
        BASE, ["python3", "-m", "http.server", "80"], network=network.name, detach=True
    )
    try:
        container.reload()
        yield container.attrs["NetworkSettings"]["Networks"][network.name]["IPAddress"], 80
    finally:
        container.remove(force=True, v=True)
        network.remove()


BUILD_SPY = """
import os, socket, sys
own = socket.create_server(("127.0.0.1", 0))
assert socket.create_connection(own.getsockname(), 2)   # a spy that reaches nothing at all would prove nothing
try:
    socket.create_connection({place}, 2)
    sys.exit("reached an environment")
except OSError:
    pass
seen = [key for key in os.environ if key.startswith(("MYSQL", "API", "PLAIN"))]
sys.exit(f"saw {{seen}}" if seen else 0)
"""


def test_a_build_reaches_no_environment_and_sees_none_of_its_keys(
    host: DockerHost, neighbour: tuple[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", CANARY)
    (tmp_path / "spy.py").write_text(BUILD_SPY.format(place=neighbour))
    (tmp_path / "Dockerfile").write_text(
        f"FROM {BASE}\nARG API_TOKEN\nARG MYSQL_PASSWORD\nCOPY spy.py /\nRUN python3 /spy.py\n"
    )
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    image = builder(host).build(
        recipe(args={"VERSION": "v1"}),
        tmp_path,
        tag=f"{HOSTILE}:built",
        secrets={},
        labels={STACK_LABEL: "shop"},
    )
    host.client.images.remove(image, force=True)


def test_the_host_is_not_measured_with_a_version_s_own_shell(planted: Server) -> None:
    """The largest image of the engine was taken, whosever it was."""
    image = build_image(
        f"{HOSTILE}:one",
        {
            "Dockerfile": f"FROM {POSTGRESQL}\nCOPY more /more\nLABEL {STACK_LABEL}=shop\n",
            "more": bytes(1 << 20),
        },
    )
    assert image not in [one.id for one in trusted_images(planted.host)]
    assert EngineMeasures(planted.host).facts().memory_free > 0
