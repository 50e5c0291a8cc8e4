"""The applications of `examples/field` are as their teams would write them, and their table says
what was seen."""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from setup.places import ROOT
from tests.field.apps import APPS, FOLDER, App, app_named, real_images
from tests.field.rows import HEADINGS, NOT_SEEN, SEEDS_TABLE, Row, write_row
from tests.field.seeds.images import BUILT, BY_TAG, names_of
from tests.field.seeds.table import SEEDS, STACKS, Seed, seed_named
from tests.field.stand_ins import FOLDER as STAND_INS
from tests.field.stand_ins import FOLDERS
from tests.field.traffic import Visitors
from tidegate.stack.catalogue import every_stack

NAMES = [app.name for app in APPS]


def compose_file(folder: Path) -> Path:
    [file] = [*folder.glob("compose.y*ml"), *folder.glob("docker-compose.y*ml")]
    return file


@pytest.fixture(params=NAMES)
def app(request: pytest.FixtureRequest) -> App:
    return app_named(request.param)


def test_every_folder_is_tried() -> None:
    assert {file.parent.name for file in FOLDER.glob("*/*compose*")} == {app.name for app in APPS}


def test_no_file_of_tidegate_is_in_it(app: App) -> None:
    assert not [
        file.name for file in app.folder.rglob("*") if file.name in ("stack.yaml", "tidegate.toml")
    ]


def test_its_second_version_is_one_change_of_one_text(app: App) -> None:
    if app.change:
        file, old, new = app.change
        text = (app.folder / file).read_text()
        assert text.count(old) == 1
        assert new not in text


def test_its_rows_are_asked_of_a_service_that_it_has(app: App) -> None:
    services = yaml.safe_load(compose_file(app.folder).read_text())["services"]
    assert app.data_service in services


def test_each_image_is_a_variable_with_the_real_one_as_its_value(app: App) -> None:
    found = re.findall(r"\$\{(\w+_IMAGE)\b", compose_file(app.folder).read_text())
    assert {*found} == real_images(app).keys()
    known = {
        *FOLDERS,
        "RUN_IMAGE",
        "POSTGRES_IMAGE",
        "REDIS_IMAGE",
        "MARIADB_IMAGE",
        "UMAMI_IMAGE",
        "N8N_IMAGE",
    }
    assert {*found} <= known


def test_every_stand_in_has_its_recipe() -> None:
    assert {file.parent.name for file in STAND_INS.glob("*/Dockerfile")} == {
        *FOLDERS.values(),
        "vendor",
        "seisei",
        "managed",
    }


def test_an_application_that_was_not_tried_has_a_row_that_says_so(tmp_path: Path) -> None:
    page = tmp_path / "field.md"
    page.write_text("before\n<!-- field -->\n<!-- /field -->\nafter\n")
    write_row(Row("one", "web", staging="40 s", unsaid=["a | b\nc"]), ["one", "two"], page)
    text = page.read_text()
    lines = text.splitlines()
    assert text.startswith("before\n<!-- field -->\n| Application |")
    assert lines[4].startswith("| one | web |")
    assert lines[4].endswith(r"| a \| b c |")
    assert (
        lines[5]
        == f"| two | {' | '.join([NOT_SEEN] * (len(HEADINGS) - 2))} | not tried: nothing was seen of it yet |"
    )
    assert text.endswith("<!-- /field -->\nafter\n")


def test_a_row_takes_the_place_of_the_one_before_and_the_others_stay(tmp_path: Path) -> None:
    page = tmp_path / "field.md"
    page.write_text("<!-- field -->\n<!-- /field -->\n")
    for row in (Row("one", "web", staging="40 s"), Row("two", "job"), Row("one", "web")):
        write_row(row, ["two", "one"], page)
    rows = page.read_text().splitlines()[3:5]
    assert [row.split(" | ")[0] for row in rows] == ["| two", "| one"]
    assert "40 s" not in page.read_text()


def test_the_documentation_has_a_row_for_each() -> None:
    text = (ROOT / "docs" / "field.md").read_text()
    names = [*NAMES, *(seed.name for seed in SEEDS)]
    assert [name for name in names if f"| {name} |" not in text] == []


def test_one_table_of_the_page_leaves_the_other_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "field.md"
    page.write_text("<!-- field -->\n<!-- /field -->\n<!-- seeds -->\n<!-- /seeds -->\n")
    write_row(Row("one", "web", init="11, 2"), ["one"], page)
    before = page.read_text()
    write_row(Row("two", "web", staging="40 s"), ["two"], page, SEEDS_TABLE)
    after = page.read_text()
    assert after.startswith(before.partition("<!-- seeds -->")[0])
    assert "`init`" not in after.partition("<!-- seeds -->")[2]
    assert "| two | web | – | – | 40 s |" in after


class _Board(BaseHTTPRequestHandler):
    """Gives each row a number; refuses the third, and says of the fourth what is no answer."""

    protocol_version = "HTTP/1.1"
    rows: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        self._answer(200, b"all of them")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        number = len(self.rows) + 1
        self.rows.append(number)
        self._answer(
            503 if number == 3 else 201,
            b"?" if number == 4 else json.dumps({"id": number}).encode(),
        )

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_who_has_nothing_to_write_only_reads() -> None:
    website = seed_named("website")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Board)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    posted = len(_Board.rows)
    try:
        with Visitors(
            f"http://127.0.0.1:{server.server_port}", website.domain, website
        ) as visitors:
            time.sleep(0.3)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert visitors.total > 0
    assert (visitors.lost, len(_Board.rows)) == (0, posted)


def test_every_seed_is_tried() -> None:
    assert {folder.name for folder in STACKS.iterdir()} == {seed.name for seed in SEEDS}
    assert {*BY_TAG, *BUILT} == {seed.name for seed in SEEDS} - {"edge"}


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_what_is_pushed_is_what_its_stack_file_asks_for(seed: Seed) -> None:
    stack = every_stack(STACKS).find(seed.name)
    pushed = names_of(seed.name, "{version}", "{commit7}", is_first=True)
    asked = {
        f"{service.image}:{service.tag}" for service in stack.services if service.tag is not None
    }
    assert {_short(name) for name in asked} <= {
        _short(name) for name in (*pushed, "library/nginx:{version}")
    }


def _short(image: str) -> str:
    """Without the registry, and without the folder of Docker Hub's own images."""
    return re.sub(r"^(127\.0\.0\.1:\d+/|ghcr\.io/)?(library/)?", "", image)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_a_seed_is_entered_by_a_name_that_a_stack_has(seed: Seed) -> None:
    stacks = [every_stack(STACKS).find(name) for name in (seed.name, *seed.calls)]
    hosts = {
        host for stack in stacks for one in stack.environments.values() for host in one.domains
    }
    assert seed.domain in hosts
    assert seed.environment in stacks[0].environments


def test_a_write_that_nobody_confirmed_is_lost_and_no_row_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.field.traffic.WRITES_PER_SECOND", 50)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Board)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        with Visitors(
            f"http://127.0.0.1:{server.server_port}", "board.localhost", APPS[0]
        ) as visitors:
            while len(_Board.rows) < 8:
                time.sleep(0.01)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert visitors.lost == 2
    assert visitors.confirmed == {str(number) for number in _Board.rows} - {"3", "4"}
    assert next(fault.split(" at ")[0] for fault in visitors.faults()) == "writing: status 503"
