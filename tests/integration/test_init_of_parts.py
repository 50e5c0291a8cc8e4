"""`tidegate init` where images, names and files say less than usual: which services are the
application, which keep data, which end; and where each environment has its values from."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tasks.plan.checking import look_over
from tests.integration.newcomers import Newcomer, begun, cloned
from tests.integration.written_stacks import written
from tests.sql import of_sql
from tidegate.settings import Settings
from tidegate.stack.envfile import read_env
from tidegate.stack.file import Stack, load_stack

FRONT = "FROM caddy:2\nEXPOSE 80\n"
SERVER = "FROM golang:1.22 AS build\nFROM alpine:3\nEXPOSE 9000\n"


def released(stack: Stack) -> dict[str, str | None]:
    return {one.name: one.image for one in stack.services}


def test_where_only_a_front_is_built_the_application_is_the_vendors(tmp_path: Path) -> None:
    compose = """
services:
  gate: {build: ./gate, image: acme/gate, ports: ["80:80"], depends_on: [desk]}
  desk: {image: "registry.acme.example/vendor/desk:4.1", depends_on: [db, seeder]}
  jobs: {image: "registry.acme.example/vendor/desk:4.1", command: ./work}
  seeder: {image: "registry.acme.example/vendor/desk:4.1", command: ./seed, restart: on-failure}
  charts: {image: "registry.acme.example/grafana/grafana:11"}
  healer: {image: "willfarrell/autoheal:1.2", volumes: ["/var/run/docker.sock:/var/run/docker.sock"]}
  db: {image: "postgres:16", environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}"}}
"""
    files = {"compose.yaml": compose, "gate/Dockerfile": FRONT}
    _, stack, _ = written(tmp_path, files)
    assert released(stack) == {"gate": "acme/gate", "desk": None, "jobs": None, "seeder": None}
    assert (stack.one_shots, stack.left_out) == (("seeder",), ("healer",))


def test_where_only_monitors_are_built_the_application_is_the_vendors(tmp_path: Path) -> None:
    compose = """
services:
  edge-gateway: {image: vendor/gateway, ports: ["8080:8080"]}
  orders-server: {image: vendor/orders, ports: ["8081:8081"]}
  stock-server: {image: vendor/stock, ports: ["8082:8082"]}
  charts: {build: ./charts, ports: ["3000:3000"]}
"""
    files = {"compose.yaml": compose, "charts/Dockerfile": "FROM grafana/grafana:11\nEXPOSE 3000\n"}
    clone, stack, _ = written(tmp_path, files)
    assert [*released(stack)] == ["edge-gateway", "charts", "orders-server", "stock-server"]
    hint = next(
        line for line in (clone / "stack.yaml").read_text().splitlines() if "# routes:" in line
    )
    paths = [part.partition(",")[0] for part in hint.split("{path: ")[1:]]
    assert len(paths) == len({*paths}) == 4


def test_what_starts_after_a_released_service_goes_with_it(tmp_path: Path) -> None:
    compose = """
services:
  proxy: {image: "nginx:1.27", ports: ["80:8080"], depends_on: [pages, files]}
  pages: {image: "vendor/pages:2", depends_on: [api]}
  api: {build: ., depends_on: [files]}
  files: {image: "vendor/files:1"}
"""
    _, stack, _ = written(tmp_path, {"compose.yaml": compose, "Dockerfile": SERVER})
    assert [*released(stack)] == ["proxy", "api", "pages"]


def test_a_database_is_known_by_its_name_its_folder_and_its_keys(tmp_path: Path) -> None:
    compose = """
services:
  web: {image: "vendor/web:3", ports: ["80:80"], environment: {DB_HOST: store}}
  migrate-db: {image: "vendor/web:3", command: migrate, depends_on: [store]}
  users-db: {image: "vendor/users:3"}
  papers-mongo: {image: "vendor/papers:3"}
  store:
    image: vendor/upgrading:17
    environment: {POSTGRES_USER: web, POSTGRES_PASSWORD: "${STORE_PASSWORD}", POSTGRES_DB: web}
    volumes: ["store:/var/lib/postgresql/data"]
volumes: {store: }
"""
    _, stack, _ = written(tmp_path, {"compose.yaml": compose})
    assert [*released(stack)] == ["web", "migrate-db"]
    assert stack.one_shots == ("migrate-db",)
    [database] = stack.databases
    assert (database.engine, database.service) == ("postgresql", "store")
    assert stack.state.volumes == ()


def test_a_file_with_the_servers_that_the_main_file_speaks_to_completes_it(tmp_path: Path) -> None:
    files = {
        "compose.yml": """
services:
  talk:
    image: vendor/talk:8
    ports: ["80:3000"]
    environment: {STORE_URL: "${STORE_URL:-mongodb://papers:27017/talk}"}
""",
        "compose.database.yml": "services: {papers: {image: 'mongo:8', volumes: ['p:/data/db']}}\nvolumes: {p: }\n",
        "compose.monitoring.yml": "services: {charts: {image: 'grafana/grafana:11'}}\n",
        "compose.postgres.yml": "services: {talk: {image: 'vendor/talk:8'}, papers: {image: 'postgres:16'}}\n",
    }
    _, stack, said = written(tmp_path, files)
    [place] = stack.environments.values()
    assert place.compose_files == ("compose.yml", "compose.database.yml")
    assert {*said["left_out"]} == {"compose.monitoring.yml", "compose.postgres.yml"}  # type: ignore[misc]


def test_one_env_file_stands_for_several_that_each_server_has(tmp_path: Path) -> None:
    compose = """
services:
  web: {image: "vendor/web:3", ports: ["80:80"], env_file: env/run.env}
  db: {image: mariadb:11, env_file: [env/db.env]}
"""
    files = {
        "compose.yaml": compose,
        "env/run.env.example": "DB_HOST=db\nDB_USERNAME=web\nDB_PASSWORD=change-it-now\nADMIN_PASSWORD=change-it-now\n",
        "env/db.env.example": "MYSQL_USER=web\nMYSQL_DATABASE=web\nMYSQL_PASSWORD=change-it-now\nMYSQL_RANDOM_ROOT_PASSWORD=yes\n",
    }
    clone, stack, said = written(tmp_path, files)
    assert {*stack.environments["staging"].env_file_as} == {"env/run.env", "env/db.env"}
    assert said["missing"] == {".env.staging": ("ADMIN_PASSWORD",)}
    values = read_env(clone / ".env.staging")
    assert values["DB_PASSWORD"] == values["MYSQL_PASSWORD"] != "change-it-now"
    assert values["MYSQL_RANDOM_ROOT_PASSWORD"] == "yes"


def test_env_files_that_say_different_things_are_not_made_one(tmp_path: Path) -> None:
    compose = """
services:
  web: {image: "vendor/web:3", ports: ["80:80"], env_file: web.env}
  api: {image: "vendor/api:3", env_file: api.env}
"""
    files = {
        "compose.yaml": compose,
        "web.env.example": "ROLE=web\n",
        "api.env.example": "ROLE=api\n",
    }
    begun(clone := cloned(Newcomer(files, 0, (), (), 0), tmp_path))
    assert load_stack(clone).environments["staging"].env_file_as == ("api.env",)


def test_the_env_file_that_git_has_is_each_environments_own_too(tmp_path: Path) -> None:
    compose = """
services:
  web: {image: "vendor/web:3", ports: ["80:80"], env_file: .env}
  db: {image: mysql:8.4, environment: {MYSQL_DATABASE: web, MYSQL_USER: web, MYSQL_PASSWORD: "${DB_PASSWORD}"}}
"""
    files = {"compose.yaml": compose, ".env": "APP_ENV=production\nDB_PASSWORD=vendor\n"}
    clone, stack, _ = written(tmp_path, files)
    assert stack.environments["staging"].env_file_as == (".env",)
    values = read_env(clone / ".env.staging")
    assert (values["APP_ENV"], len(values["DB_PASSWORD"])) == ("production", 32)


def test_a_secret_that_the_example_leaves_open_or_everybody_knows_is_made_up(
    tmp_path: Path,
) -> None:
    compose = """
services:
  web:
    image: vendor/web:3
    ports: ["80:80"]
    env_file: .env
    environment:
      DATABASE_URL: postgresql://postgres:${POSTGRES_PASSWORD}@db/postgres
      ADMIN_PASSWORD: ${ADMIN_PASSWORD:-admin}
      MAP_KEY: ${MAP_API_KEY}
  db: {image: "postgres:16", env_file: .env}
"""
    example = "POSTGRES_PASSWORD=\nNEXTAUTH_SECRET=\nMAIL_PASSWORD=null\nSESSION_COOKIE_NAME=web-session\nTOKEN_EXPIRES=15\nMAP_API_KEY=change-me\n"
    files = {"compose.yaml": compose, "sample.env": example}
    clone, _, said = written(tmp_path, files)
    made = said["made_up"][".env.staging"]  # type: ignore[index]
    assert {*made} == {"POSTGRES_PASSWORD", "NEXTAUTH_SECRET", "ADMIN_PASSWORD"}
    assert said["missing"] == {".env.staging": ("MAP_API_KEY",)}
    values = read_env(clone / ".env.staging")
    assert (values["POSTGRES_USER"], values["POSTGRES_DB"]) == ("postgres", "postgres")
    assert (values["SESSION_COOKIE_NAME"], values["TOKEN_EXPIRES"]) == ("web-session", "15")


def test_an_address_of_the_example_has_the_password_that_was_made_up(tmp_path: Path) -> None:
    compose = """
services:
  web: {image: "vendor/web:3", ports: ["80:80"], env_file: .env}
  db: {image: "postgres:16", environment: [POSTGRES_PASSWORD, POSTGRES_USER, POSTGRES_DB]}
"""
    example = "POSTGRES_USER=web\nPOSTGRES_DB=web\nPOSTGRES_PASSWORD=web-pass\nSQL_URL=postgresql://web:web-pass@db/web\n"
    clone, _, _ = written(tmp_path, {"compose.yaml": compose, ".env.example": example})
    values = read_env(clone / ".env.staging")
    assert values["SQL_URL"] == f"postgresql://web:{values['POSTGRES_PASSWORD']}@db/web"
    assert values["POSTGRES_PASSWORD"] != "web-pass"
    assert stat.S_IMODE((clone / ".env.staging").stat().st_mode) == 0o600


def test_a_server_that_lets_everybody_in_needs_no_password(tmp_path: Path) -> None:
    compose = """
services:
  web: {image: "vendor/web:3", ports: ["80:80"], environment: {DB_HOST: db}}
  db: {image: "postgres:16", environment: {POSTGRES_HOST_AUTH_METHOD: trust}}
"""
    clone, stack, said = written(tmp_path, {"compose.yaml": compose})
    assert said["missing"] == {}
    assert of_sql(stack.databases[0]).password_key == "POSTGRES_PASSWORD"
    assert read_env(clone / ".env.staging")["POSTGRES_PASSWORD"] == "not-asked-for"


@pytest.mark.parametrize("folder", ["examples", "docker/images", "deploy/docker-compose"])
def test_a_folder_of_examples_gives_no_name(folder: str, tmp_path: Path) -> None:
    files = {f"{folder}/compose.yaml": "services: {web: {image: 'acme/web:2', ports: ['80:80']}}\n"}
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    begun(clone / folder)
    assert load_stack(clone / folder).name == "origin"


def test_a_folder_below_the_persons_home_is_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "my-shop"))
    compose = (
        "services: {web: {image: 'acme/web:2', ports: ['80:80'], volumes: ['${DATA}/web:/data']}}\n"
    )
    files = {"compose.yaml": compose, ".env.example": "DATA=~/data\n"}
    _, stack, _ = written(tmp_path, files)
    assert stack.state.files == ("${DATA}/web",)


def test_what_a_variable_leads_to_is_no_folder_beside_the_file(tmp_path: Path) -> None:
    compose = """
services:
  web:
    image: acme/web:2
    ports: ["80:80"]
    volumes:
      - ${CONF}/web.ini:/etc/web.ini
      - {type: bind, source: "${DATA:?say where}", target: /data}
      - {type: bind, source: "${MORE}/x", target: /more}
      - {type: bind, source: $BARE, target: /bare}
      - $SHORT/y:/short
      - ./${HERE}:/here
"""
    example = (
        "CONF=/srv/conf\nBARE=/srv/bare\nSHORT=/srv/short\nDATA=/srv/data\nMORE=/srv/more\nHERE=x\n"
    )
    clone, stack, _ = written(tmp_path, {"compose.yaml": compose, ".env.example": example})
    named = ("${DATA}", "${MORE}/x", "${BARE}", "${SHORT}/y", "./${HERE}")
    assert stack.state.files == named
    assert stack.state.read_only == ("${CONF}/web.ini",)
    _, found = look_over(Settings(stacks=clone, home=clone / ".tidegate"))
    assert [one.came_back for one in found if one.kind == "fault"] == []
