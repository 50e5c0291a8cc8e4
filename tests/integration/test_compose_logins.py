"""A login that stands in the compose file and in a compose secret alone opens a real database."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from blocks.databases.engines import EngineDatabases
from blocks.docker.compose import Compose
from tests.integration.data_servers import Server
from tidegate.backups.saved import PlacedDatabase
from tidegate.errors import DatabaseError
from tidegate.stack.logins import logins_in, read_secret

pytest_plugins = ["tests.integration.data_fixtures"]


def test_a_password_in_a_compose_secret_opens_the_database(
    postgresql: Server, tmp_path: Path
) -> None:
    secret = tmp_path / "password.txt"
    (tmp_path / "c.yml").write_text(
        yaml.safe_dump(
            {
                "services": {
                    "web": {
                        "image": "a/web",
                        "environment": {"POSTGRES_HOST": "postgresql", "POSTGRES_DB": "${NAME}"},
                    },
                    "postgresql": {
                        "image": "postgres:16",
                        "secrets": ["password"],
                        "environment": {
                            "POSTGRES_USER": "app",
                            "POSTGRES_PASSWORD_FILE": "/run/secrets/password",
                        },
                    },
                },
                "secrets": {"password": {"file": "./password.txt"}},
            }
        )
    )
    values = {"NAME": "app"}
    model = Compose(postgresql.host).read([tmp_path / "c.yml"], values, "shop-prod")
    databases = EngineDatabases(postgresql.host)

    def tables() -> int:
        found = logins_in(
            model, ["web", "postgresql"], databases.login_keys(postgresql.spec), values, read_secret
        )
        at = PlacedDatabase(postgresql.spec, postgresql.container, {**values, **found})
        return len(databases.as_application(at).row_counts())

    secret.write_text(postgresql.environment["POSTGRES_PASSWORD"] + "\n")
    assert tables() >= 0
    secret.write_text("another")
    with pytest.raises(DatabaseError, match="user or password is wrong"):
        tables()
