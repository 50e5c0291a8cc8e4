"""The applications of `examples/field`, and what the runner has to know of each to use it as its
visitors do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from setup.places import ROOT
from tests.field.vendors import PLAYED

FOLDER = ROOT / "examples" / "field"


@dataclass(frozen=True)
class App:
    """One application."""

    name: str
    kind: str
    change: tuple[str, str, str] | None
    """What its team changes for the second version: a file, a text in it, and the text in its
    place. A page shows it. None where a vendor makes the image, which shows its tag."""
    write: str
    """The path that a visitor posts `form` to; the answer has the `id` of a row that is
    committed."""
    form: Mapping[str, str]
    data_service: str
    """The compose service with the rows."""
    ids: str
    """What prints their ids, a line each, in a shell of that service."""
    read: str = "/"
    versions: tuple[str, str] = ("v1.0.0", "v1.1.0")
    answers: Mapping[str, str] = field(default_factory=dict)
    """What a person answers to `tidegate init`, by option, besides the domain."""
    by_hand: Mapping[str, Any] = field(default_factory=dict)
    """What a person adds to stack.yaml, by dotted path."""
    own_port: str = ""
    """The env key of its port on the host, where it runs by `docker compose up` before Tidegate
    comes."""
    folder_key: str = ""
    """The env key of the folder that its containers write into: each environment has another
    one."""

    @property
    def shown(self) -> str:
        """What the page says of the second version, and not of the first."""
        return self.change[2].strip("'\"") if self.change else self.versions[1]

    @property
    def folder(self) -> Path:
        return FOLDER / self.name


def _psql(query: str) -> str:
    """By the login of the image's own variables."""
    return f'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -tAc "{query}"'


APPS = (
    App(
        "guestbook",
        "web service, PostgreSQL",
        ("app.py", "Guestbook", "Our guestbook"),
        "/entries",
        {"name": "a guest"},
        "db",
        _psql("SELECT id FROM entries"),
    ),
    App(
        "storefront",
        "frontend, API, nginx, PostgreSQL",
        ("frontend/server.js", '"Storefront"', '"Corner storefront"'),
        "/api/basket",
        {"product": "2"},
        "db",
        _psql("SELECT id FROM baskets"),
    ),
    App(
        "newsroom",
        "Django, Celery worker, beat, Redis, PostgreSQL",
        ("articles/views.py", '"Newsroom"', '"Evening newsroom"'),
        "/articles",
        {"headline": "ships come in"},
        "postgres",
        _psql("SELECT id FROM articles_article"),
        by_hand={"services.1.alone": True},
    ),
    App(
        "catalog",
        "init and seed jobs, PostgreSQL",
        ("shop.py", "Harbour shop", "Harbour and lighthouse shop"),
        "/orders",
        {"code": "LAMP-1"},
        "postgres",
        _psql("SELECT id FROM orders"),
    ),
    App(
        "payroll",
        "compose `secrets:` and `configs:`, PostgreSQL",
        ("app.py", '"Payroll"', '"The payroll"'),
        "/work",
        {"hours": "8"},
        "db",
        _psql("SELECT id FROM work"),
    ),
    App(
        "archive",
        "document archive with a writable consume folder, Redis, PostgreSQL",
        ("archive.py", '"Archive"', '"The archive"'),
        "/documents",
        {"name": "letter", "text": "Dear all"},
        "db",
        _psql("SELECT id FROM documents"),
        by_hand={"state.files": ["${ARCHIVE_FOLDER}/export", "${ARCHIVE_FOLDER}/consume"]},
        folder_key="ARCHIVE_FOLDER",
    ),
    App(
        "shortener",
        "Go, built in stages (`target`), Redis",
        ("main.go", '"Short addresses"', '"Shorter addresses"'),
        "/links",
        {"url": "https://harbour.example"},
        "store",
        "seq 1 $(redis-cli llen links)",
        by_hand={
            "databases": [{"name": "store", "engine": "redis", "service": "store"}],
            "state.databases": ["store"],
        },
    ),
    App(
        "noticeboard",
        "PHP-FPM, nginx, MariaDB",
        ("public/index.php", "'Noticeboard'", "'New noticeboard'"),
        "/",
        {"text": "boat for sale"},
        "mariadb",
        'MYSQL_PWD=$MYSQL_PASSWORD mysql -N -u "$MYSQL_USER" "$MYSQL_DATABASE" -e "SELECT id FROM notices"',
    ),
    App(
        "tracker",
        "Ruby, Puma, Sidekiq, Redis, PostgreSQL",
        ("app.rb", '"Issue tracker"', '"The issue tracker"'),
        "/issues",
        {"title": "the mast is loose"},
        "postgres",
        _psql("SELECT id FROM issues"),
    ),
    App(
        "chat",
        "Node, MongoDB",
        ("server.js", '"Chat"', '"Harbour chat"'),
        "/",
        {"text": "ahoy"},
        "mongo",
        "mongosh --quiet chat --eval 'db.messages.find({}, {_id: 1})'",
    ),
    App(
        "analytics",
        "vendor's image, PostgreSQL",
        None,
        "/api/send",
        {"name": "a visit"},
        "db",
        _psql("SELECT id FROM events"),
        versions=PLAYED["umami"][1],
    ),
    App(
        "automation",
        "vendor's image as web and worker, Redis, PostgreSQL",
        None,
        "/api/send",
        {"name": "a hook"},
        "postgres",
        _psql("SELECT id FROM events"),
        versions=PLAYED["n8n"][1],
        answers={"ready-path": "/healthz"},
    ),
    App(
        "logbook",
        "web service, PostgreSQL; runs already",
        ("app.py", '"Logbook"', '"New logbook"'),
        "/arrivals",
        {"ship": "Marie"},
        "db",
        _psql("SELECT id FROM arrivals"),
        own_port="LOGBOOK_PORT",
    ),
)


def real_images(app: App) -> dict[str, str]:
    """Variable -> the image that its compose file says it is."""
    [file] = [*app.folder.glob("compose.y*ml"), *app.folder.glob("docker-compose.y*ml")]
    return dict(re.findall(r"\$\{(\w+_IMAGE):-([^}]+)\}", file.read_text()))


def app_named(name: str) -> App:
    return next(app for app in APPS if app.name == name)
