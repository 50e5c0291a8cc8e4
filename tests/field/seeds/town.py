"""What lies around the seeds on their teams' server: env files that are filled in, networks, and
databases that a provider manages."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from tests.field.seeds.images import docker
from tests.field.seeds.table import STACKS

PLACEHOLDER = "CHANGEME"
NETWORKS = ("edge", "seisei-odoo-network")
TENANT = """
CREATE TABLE ir_module_module (id serial PRIMARY KEY, name text, latest_version text, state text);
INSERT INTO ir_module_module (name, latest_version, state) VALUES
  ('seisei_base', '18.0.1.0.0', 'installed'), ('seisei_billing', '18.0.1.0.0', 'installed');
CREATE TABLE res_users (id serial PRIMARY KEY, login text, password text);
CREATE TABLE sale_order (id serial PRIMARY KEY, name text);
"""


def lay_out_stacks(stacks: Path) -> None:
    """The folders as they are, and env files with a password in each place that asks for one."""
    shutil.copytree(STACKS, stacks, dirs_exist_ok=True)
    for folder in ("data", "plugins"):  # the bot has written into them for a year
        (stacks / "langbot" / folder).mkdir()
    known = dict[str, str]()
    for example in sorted(stacks.glob("*/.env.*.example")):
        environment = example.name.split(".")[2]
        text = "".join(
            _filled(line, example.parent.name, environment, known)
            for line in example.read_text().splitlines(keepends=True)
        )
        example.with_suffix("").write_text(text)


def _filled(line: str, stack: str, environment: str, known: dict[str, str]) -> str:
    """Two stacks that know one secret know the same one."""
    key, _, value = line.partition("=")
    if value.strip() != PLACEHOLDER:
        return line
    if key.endswith("DB_HOST"):
        return f"{key}={managed_host(stack, environment)}\n"
    shared = key if key in ("REDIS_PASSWORD", "OCR_SERVICE_KEY") else f"{stack} {key}"
    return f"{key}={known.setdefault(f'{environment} {shared}', secrets.token_hex(12))}\n"


def managed_host(stack: str, environment: str) -> str:
    if stack == "crm-api":
        return "managed-crm"
    return "managed-odoo-prod" if environment == "production" else "managed-odoo-staging"


def env_file(stacks: Path, stack: str, environment: str) -> dict[str, str]:
    values = dotenv_values(stacks / stack / f".env.{environment}")
    return {key: value or "" for key, value in values.items()}


def make_networks() -> None:
    for name in NETWORKS:
        docker("network", "create", name)


def run_managed_databases(stacks: Path) -> None:
    """PostgreSQL of the provider: Odoo's two servers with two tenants each, and the CRM's."""
    for environment, first in (("production", "demo"), ("staging", "staging")):
        values = env_file(stacks, "odoo18", environment)
        host = managed_host("odoo18", environment)
        login = (values["DB_USER"], values["DB_PASSWORD"])
        _run_server(host, "seisei-odoo-network", *login, first)
        for tenant in (first, "sakura"):
            add_tenant(host, values["DB_USER"], tenant, values, is_there=tenant == first)
    crm = env_file(stacks, "crm-api", "production")
    _run_server("managed-crm", "edge", crm["CRM_DB_USER"], crm["CRM_DB_PASSWORD"], "crm")


def add_tenant(
    server: str, user: str, tenant: str, values: Mapping[str, str], *, is_there: bool
) -> None:
    """With the user that signs in for the smoke checks."""
    if not is_there:
        sql(server, user, "postgres", f"CREATE DATABASE {tenant}")
    sql(server, user, tenant, TENANT)
    login = f"'{values.get('SMOKE_USER', '')}', '{values.get('SMOKE_PASSWORD', '')}'"
    sql(server, user, tenant, f"INSERT INTO res_users (login, password) VALUES ({login})")


def sql(server: str, user: str, database: str, statement: str) -> None:
    told = ("-v", "ON_ERROR_STOP=1", "-qc", statement)
    docker("exec", server, "psql", "-U", user, "-d", database, *told)


def _run_server(name: str, network: str, user: str, password: str, database: str) -> None:
    login = {"POSTGRES_USER": user, "POSTGRES_PASSWORD": password, "POSTGRES_DB": database}
    options = [word for key, value in login.items() for word in ("--env", f"{key}={value}")]
    docker("run", "--detach", "--name", name, "--network", network, *options, "managed")
    until = "until psql -U $0 -d $1 -c 'SELECT 1' > /dev/null 2>&1; do sleep 0.2; done"
    docker("exec", name, "timeout", "60", "sh", "-c", until, user, database)
