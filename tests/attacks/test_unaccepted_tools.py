"""Tools that are spoken to in commands: what a version that nobody has accepted says and does there
reaches nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from blocks.docker.image_files import EngineImageFiles
from blocks.migrators.tools import EngineMigrations
from tests.attacks.spying import CANARY, RAISE, SPY, nothing_left, spied, values
from tests.integration.data_servers import Server, build_image
from tests.integration.tool_histories import FIRST, MANAGE, SETTINGS, TOOL_IMAGE, build_tool_image
from tidegate.errors import MigrationError
from tidegate.stack.migrations import CommandMigration, DjangoMigration, Migration
from tidegate.stack.stand_ins import stand_ins

pytest_plugins = ["tests.integration.data_fixtures"]

HOSTILE = "tidegate-test/hostile:tools"
SPEC: dict[str, Any] = {"service": "web", "database": "main", "directory": "/app"}
DJANGO = DjangoMigration(**SPEC, tool="django")
COMMAND = CommandMigration(
    **SPEC,
    tool="command",
    state="SELECT name FROM steps",
    has=("python", "has.py"),
    up=("python", "has.py"),
    sql=("python", "sql.py", "{name}"),
)
PLANTS: dict[str, tuple[Migration, dict[str, str]]] = {
    "manage.py": (DJANGO, {"manage.py": RAISE}),
    "settings": (DJANGO, {"site1/settings.py": RAISE}),
    "a migration": (
        DJANGO,
        {"shop/migrations/0001_initial.py": RAISE + FIRST["shop/migrations/0001_initial.py"]},
    ),
    "what lists the names": (COMMAND, {"has.py": RAISE}),
    "what prints the SQL": (COMMAND, {"has.py": "print('01')", "sql.py": RAISE}),
}


@pytest.fixture
def planted(mysql: Server) -> Iterator[Server]:
    build_tool_image()
    yield mysql
    mysql.host.client.images.remove(HOSTILE, force=True)


@pytest.mark.parametrize("plant", PLANTS)
def test_planted_code_reaches_nothing_sees_no_value_and_leaves_nothing(
    planted: Server, plant: str
) -> None:
    spec, files = PLANTS[plant]
    places = planted.host.client.containers.get(planted.container).attrs["NetworkSettings"][
        "Networks"
    ]
    spying = SPY.format(
        places=[("mysql", 3306), (places[planted.network]["IPAddress"], 3306), ("172.17.0.1", 22)]
    )
    innocent = {
        f"{folder}/__init__.py": ""
        for folder in ("site1", "shop", "shop/migrations", "tags", "tags/migrations")
    }
    everything = {
        **innocent,
        "manage.py": MANAGE,
        "site1/settings.py": SETTINGS,
        **FIRST,
        "spying.py": spying,
        **files,
    }
    image = build_image(
        HOSTILE,
        {
            "Dockerfile": f'FROM {TOOL_IMAGE}\nCOPY app /app\nVOLUME /data\nENTRYPOINT ["sh", "-c", "sleep 1000"]\n',
            **{f"app/{name}": text for name, text in everything.items()},
        },
    )
    real = values(planted) | {"SECRET_KEY": CANARY}
    tools = EngineMigrations(planted.host, EngineImageFiles(planted.host))
    history = tools.history(
        spec, planted.spec, image=image, stand_ins=stand_ins(real, ()), key=f"attack/{plant}"
    )
    with pytest.raises(MigrationError) as raised:
        history.inspect(tools.state(spec, planted.spec, planted.database()))
    found = spied(str(raised.value))
    assert (found["reached"], found["left"]) == ([], [])
    assert [value for value in real.values() if len(value) > 5 and value in json.dumps(found)] == []
    assert CANARY not in str(raised.value)
    assert planted.database().row_counts() == {}
    assert nothing_left(planted.host)
