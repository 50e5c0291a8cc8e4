"""`tidegate init` for compose files as vendors and small teams publish them: what it writes passes
the check, and no file of theirs is changed."""

from __future__ import annotations

from pathlib import Path

from tasks.plan.checking import look_over
from tests.integration.newcomers import Newcomer, begun, cloned
from tests.integration.written_stacks import written
from tests.sql import of_sql
from tidegate.settings import Settings
from tidegate.stack.envfile import read_env
from tidegate.stack.file import load_stack

PYTHON = "FROM python:3.12\nWORKDIR /app/src\nEXPOSE 8000\n"


def test_what_each_server_has_for_itself_is_said_of_each_environment(tmp_path: Path) -> None:
    compose = """
services:
  photos:
    image: acme/photos:${PHOTOS_VERSION:-release}
    env_file: ["${ENV_FILE:-.env}"]
    ports: ["2283:2283"]
    volumes: ["${UPLOADS}:/data", "/etc/localtime:/etc/localtime"]
  vision: {image: "acme/photos-vision:${PHOTOS_VERSION:-release}", env_file: [.env]}
  db:
    image: postgres:16
    container_name: photos_db
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}", POSTGRES_USER: "${DB_USER}", POSTGRES_DB: photos}
"""
    example = "UPLOADS=./library\nDB_USER=photos\nDB_PASSWORD=postgres\nLOG=info\nMAIL_HOST=\n"
    clone, stack, said = written(tmp_path, {"compose.yaml": compose, ".env.example": example})
    [place] = stack.environments.values()
    assert (place.env_file_as, place.shares_host) == ((".env",), True)
    assert {one.name: one.tag for one in stack.services} == {
        "photos": "{version}",
        "vision": "{version}",
    }
    assert stack.state.files == ("${UPLOADS}",)
    values = read_env(clone / ".env.staging")
    assert (values["LOG"], values["MAIL_HOST"]) == ("info", "")
    assert len(values["DB_PASSWORD"]) >= 32
    assert said["newest"] == ""


def test_a_front_is_no_version_and_its_configuration_belongs_to_the_release(tmp_path: Path) -> None:
    compose = """
services:
  gateway:
    image: nginx:1.27-alpine
    ports: ["9000:80"]
    volumes: ["./gateway/site.conf:/etc/nginx/conf.d/default.conf", "$PWD/robots.txt:/srv/robots.txt"]
    depends_on: [front, back]
  front: {image: "acme/board-front:6.7"}
  back: {image: "acme/board-back:6.7", volumes: ["media:/media"]}
  beat-worker: {image: "acme/board-back:6.7", command: ./entrypoint-of-the-clock.sh}
  owner: {image: "bash:5", command: "chown -R 9999 /media", volumes: ["media:/media"]}
  jaeger: {image: jaegertracing/jaeger:2.1}
volumes: {media: }
"""
    files = {"compose.yaml": compose, "gateway/site.conf": "server {}\n", "robots.txt": "\n"}
    _, stack, said = written(tmp_path, files)
    services = {one.name: (one.image, one.alone) for one in stack.services}
    assert services == {
        "gateway": (None, False),
        "front": ("acme/board-front", False),
        "back": ("acme/board-back", False),
        "beat-worker": ("acme/board-back", True),
        "owner": (None, False),
    }
    assert (stack.services[0].name, stack.one_shots) == ("gateway", ("owner",))
    assert {*stack.state.read_only} == {"./gateway/site.conf", "./robots.txt"}
    assert said["newest"] == "6.7"


def test_services_of_profiles_are_the_application_where_the_teams_env_file_asks_for_them(
    tmp_path: Path,
) -> None:
    compose = """
services:
  web:
    build: .
    profiles: [web]
    env_file: .env
    ports: ["8000:8000"]
    healthcheck: {test: "${HEALTH:-curl localhost:8000/up}"}
    volumes: ["${CODE:-./public:/app/public}"]
  assets: {build: ., profiles: [assets], volumes: [".:/app"]}
  db: {image: "postgres:16", profiles: [db], environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}"}}
"""
    example = "export COMPOSE_PROFILES=db,assets,web\nexport CODE=.:/app\nexport DB_PASSWORD=x\n"
    files = {
        "compose.yaml": compose,
        ".env.example": example,
        "Dockerfile": PYTHON,
        "src/manage.py": "",
    }
    clone, stack, _ = written(tmp_path, files)
    [web] = stack.services
    assert (web.name, web.ready_path, web.not_mounted) == ("web", "/up", ("/app",))
    assert read_env(clone / ".env.staging")["COMPOSE_PROFILES"] == "db,web"
    hint = "# migrations: [{tool: django, service: web, database: main, directory: /app/src}]"
    assert hint in (clone / "stack.yaml").read_text().splitlines()


def test_a_login_that_the_compose_file_says_stands_in_no_env_file(tmp_path: Path) -> None:
    compose = """
services:
  api: {image: "acme/api:3", ports: ["80:8080"], environment: {DB_HOST: db, DB_PASSWORD_FILE: /run/secrets/pw}}
  db:
    image: mariadb:11
    environment: {MARIADB_ROOT_PASSWORD_FILE: /run/secrets/pw, MARIADB_DATABASE: api}
    secrets: [pw]
secrets: {pw: {file: ./pw.txt}}
"""
    files = {"compose.yaml": compose, "pw.txt": "a-root-password-of-ours\n"}
    clone, stack, _ = written(tmp_path, files)
    database = of_sql(stack.databases[0])
    assert (database.user_key, database.password_key) == ("MYSQL_USER", "MARIADB_ROOT_PASSWORD")
    assert read_env(clone / ".env.staging") == {"MYSQL_USER": "root"}


def test_a_password_that_an_address_repeats_is_not_made_up(tmp_path: Path) -> None:
    def password(url: str, folder: Path) -> str:
        compose = f"""
services:
  web: {{image: "acme/web:1", ports: ["80:80"], environment: {{DATABASE_URL: "{url}"}}}}
  db: {{image: "postgres:16", environment: {{POSTGRES_PASSWORD: "${{POSTGRES_PASSWORD:-postgres}}"}}}}
"""
        begun(clone := cloned(Newcomer({"compose.yaml": compose}, 0, (), (), 0), folder))
        return read_env(clone / ".env.staging")["POSTGRES_PASSWORD"]

    again = "postgres://postgres:${POSTGRES_PASSWORD:-postgres}@db/web"
    assert len(password(again, tmp_path / "by-variable")) >= 32
    plain = "${DATABASE_URL:-postgres://postgres:postgres@db/web}"
    assert password(plain, tmp_path / "plainly") == "postgres"


def test_several_doors_are_proposed_and_not_decided(tmp_path: Path) -> None:
    compose = """
services:
  frontend: {build: ./frontend, ports: ["80:80"]}
  api: {build: ./api, volumes: ["./api/src:/app/src"]}
  worker: {build: ./api, command: work}
"""
    files = {
        "compose.yaml": compose,
        "frontend/Dockerfile": "FROM nginx:1.27\nEXPOSE 80\n",
        "api/Dockerfile": "FROM node:20\nEXPOSE 3000\n",
        "api/src/main.js": "",
    }
    clone, stack, _ = written(tmp_path, files)
    assert stack.routes == ()
    assert stack.services[1].not_mounted == ("/app/src",)
    hint = "# routes: [{path: /, service: frontend}, {path: /api, service: api, port: 3000, ready_path: /}]"
    lines = (clone / "stack.yaml").read_text().splitlines()
    assert hint in lines
    taken = "\n".join(line.removeprefix("# ") if line == hint else line for line in lines)
    (clone / "stack.yaml").write_text(taken)
    assert [one.path for one in load_stack(clone).routes] == ["/", "/api"]


def test_of_several_ways_to_run_it_the_plainest_is_taken(tmp_path: Path) -> None:
    app = "services: {web: {image: 'acme/web:2', ports: ['80:8000']}}\n"
    names = ("ci-test", "sqlite", "postgres-tika")
    files = {f"docker-compose.{name}.yml": app for name in names}
    _, stack, said = written(tmp_path, files)
    assert stack.environments["staging"].compose_files == ("docker-compose.sqlite.yml",)
    assert {*said["left_out"]} == {"docker-compose.ci-test.yml", "docker-compose.postgres-tika.yml"}  # type: ignore[misc]


def test_a_variant_completes_a_main_file_that_cannot_stand_alone(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services: {php: {ports: ['80:80'], volumes: ['data:/data']}}\nvolumes: {data: }\n",
        "compose.prod.yaml": "services: {php: {image: 'acme/php:4'}}\n",
    }
    _, stack, _ = written(tmp_path, files)
    assert stack.environments["prod"].compose_files == ("compose.yaml", "compose.prod.yaml")


def test_a_folder_called_docker_gives_no_name(tmp_path: Path) -> None:
    files = {"docker/compose.yaml": "services: {web: {image: 'acme/web:2', ports: ['80:80']}}\n"}
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    begun(clone / "docker")
    assert load_stack(clone / "docker").name == "origin"


def test_an_image_that_the_teams_env_file_names_is_the_vendors(tmp_path: Path) -> None:
    compose = """
services:
  hub_server: {image: "${HUB_IMAGE}", ports: ["80:8000"], environment: {MODE: server, SMTP: mail_sink}}
  hub_worker: {image: "${HUB_IMAGE}", environment: {MODE: worker}, privileged: true}
  mail_sink: {image: axllent/mailpit}
"""
    files = {"compose.yaml": compose, ".env.example": "HUB_IMAGE=ghcr.io/acme/hub:1.4\n"}
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    begun(clone)
    stack = load_stack(clone)
    assert {one.name: one.image for one in stack.services} == {
        "hub_server": "ghcr.io/acme/hub",
        "hub_worker": "ghcr.io/acme/hub",
    }
    assert stack.left_out == ()
    assert read_env(clone / ".env.staging") == {"HUB_IMAGE": "ghcr.io/acme/hub:1.4"}
    _, [fault] = look_over(Settings(stacks=clone, home=clone / ".tidegate"))
    assert fault.line == 4
    assert fault.came_back.startswith("services.hub_worker.privileged: true")


def test_what_a_base_service_reads_of_a_configuration_is_read_only_too(tmp_path: Path) -> None:
    compose = """
services:
  web: {image: "acme/web:3", ports: ["80:8000"], volumes: ["./docker:/app/docker"]}
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}"}
    volumes: ["./docker/init.d:/docker-entrypoint-initdb.d"]
"""
    files = {"compose.yaml": compose, "docker/start.sh": "", "docker/init.d/1.sql": ""}
    _, stack, _ = written(tmp_path, files)
    assert stack.state.read_only == ("./docker",)


def test_images_with_one_variable_as_their_tag_are_one_version(tmp_path: Path) -> None:
    compose = """
services:
  flow: {image: "docker.flow.example/acme/flow:${FLOW_VERSION}", ports: ["80:5678"]}
  runner: {image: "acme/runners:${FLOW_VERSION}", depends_on: [flow]}
  mail: {image: "other/mail:2"}
"""
    files = {"compose.yaml": compose, ".env.example": "FLOW_VERSION=2.1\n"}
    _, stack, _ = written(tmp_path, files)
    assert {one.name: one.tag for one in stack.services} == {
        "flow": "{version}",
        "runner": "{version}",
        "mail": None,
    }


def test_env_files_in_a_folder_for_them_that_git_has_not_are_each_servers_own(
    tmp_path: Path,
) -> None:
    compose = """
services:
  django:
    build: .
    image: blog_production_django
    ports: ["80:8000"]
    env_file: [./.envs/.production/.django, ./.envs/.production/.postgres]
  postgres:
    build: ./postgres
    image: blog_production_postgres
    env_file: ./.envs/.production/.postgres
"""
    files = {
        "compose.production.yml": compose,
        "Dockerfile": PYTHON,
        "postgres/Dockerfile": "FROM postgres:16\n",
    }
    _, stack, _ = written(tmp_path, files)
    own = (".envs/.production/.django", ".envs/.production/.postgres")
    assert [one.env_file_as for one in stack.environments.values()] == [own, own]
    assert [one.service for one in stack.databases] == ["postgres"]


def test_a_front_that_says_to_nobody_after_whom_it_starts_is_at_the_edge(tmp_path: Path) -> None:
    compose = """
services:
  app: {build: ., ports: ["9001:9001"]}
  nginx:
    image: nginx:1.27-alpine
    ports: ["80:80"]
    volumes: ["./conf.d:/etc/nginx/conf.d:ro"]
"""
    files = {
        "compose.yaml": compose,
        "Dockerfile": "FROM php:8.3-fpm\nEXPOSE 9000\n",
        "conf.d/site.conf": "server { location ~ [.]php$ { fastcgi_pass app:9000; } }\n",
    }
    _, stack, _ = written(tmp_path, files)
    assert [(one.name, one.port) for one in stack.services] == [("nginx", 80), ("app", None)]
