"""`env_file_as`: the services get what Docker Compose itself gives them where the team's own env
file lies there."""

from pathlib import Path

import pytest

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tidegate.stack.env_files import own_paths

VALUES = {"SECRET": "s1", "DATABASE_URL": "", "LEVEL": "DEBUG", "ONLY_HERE": "yes"}
FORMS = {
    "a list": """
services:
  web:
    image: a
    env_file: .env
    environment:
      - DATABASE_URL=postgresql://app:${SECRET}@db:5432/app
      - LEVEL=WARNING
      - PATTERN=a=b==
""",
    "a mapping": """
services:
  web:
    image: a
    env_file: [.env]
    environment: {DATABASE_URL: "postgresql://app:${SECRET}@db/app", LEVEL: WARNING}
""",
    "names without values": """
services:
  web:
    image: a
    env_file: .env
    environment: [LEVEL, DATABASE_URL=x, NOWHERE]
""",
    "an empty value that beats the file's": """
services:
  web:
    image: a
    env_file: .env
    environment: [LEVEL=, "DATABASE_URL="]
""",
    "two env files, the own one first": """
services:
  web:
    image: a
    env_file: [.env, {path: other.env}]
    environment: [DATABASE_URL=x]
""",
    "two env files, the own one last": """
services:
  web:
    image: a
    env_file: [other.env, {path: .env, required: false}]
""",
    "what is inherited": """
x-common: &common
  image: a
  env_file: .env
  environment: &given [LEVEL=WARNING]
services:
  base: {<<: *common}
  web:
    extends: {service: base}
    environment: [DATABASE_URL=x]
""",
}


@pytest.mark.parametrize("form", FORMS)
def test_an_own_env_file_gives_what_compose_gives_by_the_file(tmp_path: Path, form: str) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(FORMS[form])
    (tmp_path / "other.env").write_text("LEVEL=ERROR\nONLY_THERE=yes\n")
    compose, own = Compose(DockerHost(), redact=str), own_paths(tmp_path, [".env"])

    ours = compose.read([file], VALUES, "demo", own)["services"]

    (tmp_path / ".env").write_text("".join(f"{key}={value}\n" for key, value in VALUES.items()))
    theirs = compose.read([file], VALUES, "demo")["services"]
    assert {name: one.get("environment") for name, one in ours.items()} == {
        name: one.get("environment") for name, one in theirs.items()
    }
