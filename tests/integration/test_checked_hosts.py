"""Two environments of one host that would have one folder, volume or network name: each would work
with the data of the other."""

from __future__ import annotations

from pathlib import Path

from tests.integration.checked_stacks import *  # noqa: F403
from tests.integration.checked_stacks import change, found
from tests.integration.newcomers import Newcomer, cloned
from tests.integration.newcomers import begun as begun_in

BASE = """
  db:
    image: postgres:16
    volumes: ["./pgdata:/var/lib/postgresql/data", "./init.sql:/docker-entrypoint-initdb.d/i.sql"]
    networks: [default, proxy]
  files: {image: "acme/files:1", environment: {DATABASE_URL: "postgres://app@db/app"}, volumes: ["dbdata:/var/lib/mysql", "own:/tmp/own", "./seed:/seed:ro"]}
volumes: {dbdata: {external: true, name: wp_dbdata}, own: }
networks: {proxy: {external: true}}
"""
STAGE = """
  stage: {kind: staging, compose_files: [compose.yaml], env_file: .env, secrets: {TOKEN: token-block},
          domains: [stage.ant.localhost], image_alias: stage}
"""
MINE = "env_file: .e, secrets: {TOKEN: token-block}, d"


def shared(folder: Path) -> None:
    """Stack `ant` has a second environment with the same compose file."""
    with (folder / "ant" / "compose.yaml").open("a") as file:
        file.write(BASE)
    change(folder / "ant" / "stack.yaml", ("environments:", f"environments:{STAGE}"))


def test_two_environments_have_neither_one_folder_nor_one_volume_nor_one_name_in_a_network(
    folder: Path,
) -> None:
    shared(folder)
    told = [(one["environment"], one["came_back"], one["line"]) for one in found(folder, "ant")]
    names = (
        (f"services.db.volumes: the folder {folder / 'ant' / 'pgdata'}", 10),
        ("volumes.dbdata: the volume wp_dbdata", 13),
        ("networks.proxy: the name db in the network proxy", 14),
    )
    assert told == [
        ("prod", f"{text} is taken by ant stage too, on the host 'local'", line)
        for text, line in names
    ]


def test_on_another_host_the_same_names_are_other_ones(folder: Path) -> None:
    shared(folder)
    change(folder / "ant" / "stack.yaml", ("kind: staging,", "kind: staging, host: other,"))
    assert found(folder, "ant") == []


def test_with_a_variable_each_environment_has_its_own(folder: Path) -> None:
    shared(folder)
    change(
        folder / "ant" / "compose.yaml",
        ("./pgdata:", "${PLACE}/pgdata:"),
        ("wp_dbdata", "'${PLACE}-dbdata'"),
        ("proxy: {external: true}", "proxy: {external: true, name: '${PLACE}-proxy'}"),
    )
    change(
        folder / "ant" / "stack.yaml",
        ("env_file: .env, secrets: {TOKEN: token-block},\n          d", MINE),
    )
    for file, place in ((".env", "prod"), (".e", "stage")):
        (folder / "ant" / file).write_text(f"GREETING=x\nPLACE=/srv/{place}\n")
    assert [one["came_back"] for one in found(folder, "ant") if "taken" in one["came_back"]] == []


def test_init_says_what_its_environments_would_share(tmp_path: Path) -> None:
    compose = "services:\n  web: {image: 'acme/web:1.0', ports: ['80:80']}\n" + BASE[1:]
    files = {"compose.yaml": compose, "compose.prod.yaml": "services: {web: {restart: always}}\n"}
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    assert begun_in(clone)["shared"] == (
        "the folder ./pgdata",
        "the volume wp_dbdata",
        "the name db in the network proxy",
    )
