"""The seeds, and what the runner has to know of each to use it as its visitors do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from setup.places import ROOT

STACKS = ROOT / "examples" / "seeds" / "stacks"
ODOO = "demo.nagashiro.example"


@dataclass(frozen=True)
class Seed:
    """One stack. What is asked through Odoo comes by the name that its stack is known as."""

    name: str
    kind: str
    versions: tuple[str, str]
    """As a person names them: tags of git, or of the vendor's image."""
    domain: str
    """Where its visitors come in."""
    read: str
    rows_in: str = ""
    """The container that has the rows, and what prints their ids in a shell there."""
    ids: str = ""
    write: str = ""
    """The path that a visitor posts `form` to; the answer has the `id` of a row that is
    committed. Empty where nothing is written."""
    form: Mapping[str, str] = field(default_factory=dict)
    shows_version: bool = True
    """Whether the page that is read has the version in it."""
    environment: str = "prod"
    by_hand: tuple[str, ...] | None = None
    """It runs by `docker compose up` before Tidegate comes: the services that do, all if empty."""
    migrated: str = ""
    """The words of `docker` by which its team made the tables then."""
    own_port: int = 0
    """Of the host, by which people come to it while it runs by hand."""
    on_host: str = ""
    """An address of the host at which somebody answers whenever the stack is released."""
    updates: str = ""
    """A third version, which changes what lies in the databases."""
    later: tuple[str, ...] = ()
    """Of what was taken over: two versions more, of which the last is released and taken back."""
    calls: tuple[str, ...] = ()
    """Stacks that have to run before anybody can use this one as its visitors do."""


def _psql(user: str, database: str, table: str) -> str:
    return f'psql -U {user} -d {database} -tAc "SELECT id FROM {table}"'


SEEDS = (
    Seed(
        "odoo18",
        "Odoo for tenants, found by a pattern; filestore, two ports, a cookie, managed PostgreSQL",
        ("v1.0.0", "v1.1.0"),
        ODOO,
        "/",
        "managed-odoo-prod",
        _psql("odoo_prod", "demo", "sale_order"),
        "/orders",
        {"name": "an order"},
        updates="v1.2.0",
    ),
    Seed(
        "ocr",
        "called by Odoo as `ocr-service:8080`; PostgreSQL; runs already",
        ("v1.0.0", "v1.1.0"),
        ODOO,
        "/receipts",
        "ocr-db",
        _psql("reader", "receipts", "receipts"),
        "/receipts",
        {"text": "taxi 20"},
        by_hand=(),
        later=("v1.2.0", "v1.3.0"),
        calls=("odoo18",),
    ),
    Seed(
        "qr-bff",
        "called by Odoo as `qr-bff:3100`, calls Odoo's Redis; runs already",
        ("v1.0.0", "v1.1.0"),
        ODOO,
        "/codes",
        "odoo18-prod-redis",
        "redis-cli -n 1 lrange codes 0 -1",
        "/codes",
        {"table": "7"},
        by_hand=(),
        later=("v1.2.0", "v1.3.0"),
        calls=("odoo18",),
    ),
    Seed(
        "langbot",
        "vendor's bot, never twice: replaced in place; SQLite in a folder; runs already",
        ("v3.4.14", "v3.4.15"),
        "bot.seisei.example",
        "/",
        "data/bot.db",
        "SELECT id FROM messages",
        "/messages",
        {"text": "hello"},
        by_hand=(),
    ),
    Seed(
        "website",
        "site without data; runs already",
        ("pin-20260201-19b9b98a", "pin-20260301-5d0a1c22"),
        "www.seisei.example",
        "/",
        by_hand=(),
    ),
    Seed(
        "crm-api",
        "API, database elsewhere and saved elsewhere; runs already",
        ("v1.0.0", "v1.1.0"),
        "crm-api.seisei.example",
        "/contacts",
        "managed-crm",
        _psql("crm_api", "crm", "contacts"),
        "/contacts",
        {"name": "Aoi"},
        by_hand=(),
    ),
    Seed(
        "edge",
        "nginx of old names; runs already",
        ("1.27-alpine", "1.27.1-alpine"),
        "old.seisei.example",
        "/nginx-health",
        shows_version=False,
        by_hand=("nginx",),
        own_port=8080,
        on_host="http://127.0.0.1:8180/health",
        calls=("ocr",),
    ),
    Seed(
        "cloudlens",
        "frontend, API, nginx, MySQL, Redis, Alembic; built here; runs already",
        ("v1.0.0", "v1.1.0"),
        "cloudlens.example",
        "/version",
        "cloudlens-mysql",
        'MYSQL_PWD=$MYSQL_PASSWORD mysql -N -u "$MYSQL_USER" "$MYSQL_DATABASE" -e "SELECT id FROM bills"',
        "/api/notes",
        {"note": "paid"},
        by_hand=(),
        migrated="exec cloudlens-backend alembic upgrade head",
        own_port=80,
    ),
    Seed(
        "biznexus",
        "Next.js, PostgreSQL, Prisma; built here; runs already",
        ("v1.0.0", "v1.1.0"),
        "biznexus.seisei.example",
        "/",
        "seisei-erp-db",
        _psql("biznexus", "biznexus_db", "visits"),
        "/visits",
        by_hand=(),
        migrated="exec seisei-erp-app npx --no-install prisma migrate deploy",
        own_port=9527,
    ),
    Seed(
        "odoo18-test",
        "vendor's Odoo with its PostgreSQL, for developers; runs already",
        ("18.0", "18.0-20261101"),
        "test.odoo.seisei.example",
        "/",
        "seisei-test-db",
        _psql("odoo", "test", "sale_order"),
        "/orders",
        {"name": "an order"},
        environment="test",
        by_hand=(),
    ),
)


def seed_named(name: str) -> Seed:
    return next(seed for seed in SEEDS if seed.name == name)
