"""What `tidegate check` finds: with Docker Compose, and without a Prefect server, an engine and a
home folder. Some tests start the program, as a CI does; the others ask what it shows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.integration.checked_stacks import *  # noqa: F403
from tests.integration.checked_stacks import (
    COMPOSE,
    DATABASE,
    POSTGRES,
    PRIVILEGED,
    STACK,
    change,
    checked,
    found,
)


def test_what_is_in_order_is_said_and_nothing_is_made(folder: Path) -> None:
    """The value of a secret block is not needed for it."""
    before = sorted(folder.rglob("*"))
    ended = checked(folder)
    assert (ended.returncode, ended.stdout) == (0, "0 fault(s), 0 risk(s) in ant prod, bee prod\n")
    assert sorted(folder.rglob("*")) == before


def faulty(folder: Path) -> Iterator[tuple[str, str]]:
    """Makes everything faulty at once; the stack and a text of each finding."""
    change(folder / "bee" / "stack.yaml", ("bee.localhost", "ant.localhost"))
    yield "ant", "ant.localhost belongs to bee prod"
    yield "bee", "ant.localhost belongs to ant prod"
    change(
        folder / "bee" / "compose.yaml",
        ("build: .", "build: {context: ., args: {SIGNED: '${TOKEN}'}}\n" + PRIVILEGED),
    )
    yield "bee", "services.web.privileged"
    yield "bee", "services.web.build.args"
    (folder / "cat").mkdir()
    (folder / "cat" / "stack.yaml").write_text("name: [cat\n")
    yield "cat", "stack.yaml"
    (folder / "dog").mkdir()
    (folder / "dog" / "stack.yaml").write_text(STACK.format(name="dog"))
    (folder / "dog" / "compose.yaml").write_text(COMPOSE.format(name="dog"))
    yield "dog", ".env"


def test_everything_is_said_in_one_list(folder: Path) -> None:
    wanted = list(faulty(folder))
    ended = checked(folder, "--json")
    findings = json.loads(ended.stdout)
    assert ended.returncode == 1, ended.stderr
    assert {one["kind"] for one in findings} == {"fault"}
    said = [(one["stack"], f"{one['doing']}: {one['came_back']}") for one in findings]
    for stack, text in wanted:
        assert [one for one in said if one[0] == stack and text in one[1]], (text, said)
    assert all(one["to_do"] for one in findings)
    assert {one["stack"] for one in found(folder, "dog")} == {"dog"}
    assert {one["stack"] for one in found(folder, "cat")} == {"cat"}


def test_a_value_that_nobody_gives_is_a_fault(folder: Path) -> None:
    (folder / "ant" / ".env").write_text("")
    [one] = found(folder, "ant")
    assert (one["stack"], one["environment"]) == ("ant", "prod")
    assert "GREETING" in one["came_back"]


def test_what_the_team_allows_is_a_risk_and_no_fault(folder: Path) -> None:
    change(folder / "ant" / "compose.yaml", ("build: .\n", "build: .\n" + PRIVILEGED))
    with (folder / "ant" / "stack.yaml").open("a") as file:
        file.write("allow: [{service: web, setting: privileged, reason: it drives the printer}]\n")
    [one] = found(folder)
    assert (one["kind"], one["stack"], one["to_do"]) == (
        "risk",
        "ant",
        "Allowed by stack.yaml: it drives the printer",
    )


def test_a_default_password_in_a_compose_file_is_a_risk_with_its_line_and_without_its_value(
    folder: Path,
) -> None:
    with (folder / "ant" / "compose.yaml").open("a") as file:
        file.write(POSTGRES)
    ended = checked(folder, "ant")
    assert ended.returncode == 0
    assert "ant/compose.yaml:10: looking for passwords" in ended.stdout
    assert "services.postgres.environment.POSTGRES_PASSWORD: holds a well-known" in ended.stdout
    assert "0 fault(s), 1 risk(s) in ant prod" in ended.stdout
    assert not [one for one in ("changeme", "c4t", "REPORTS") if one in ended.stdout]
    with (folder / "ant" / "stack.yaml").open("a") as file:
        file.write(
            "allow: [{key: POSTGRES_PASSWORD, setting: default-password, reason: the data have it}]\n"
        )
    [one] = found(folder, "ant")
    assert (one["kind"], one["to_do"]) == ("risk", "Accepted by stack.yaml: the data have it")
    change(folder / "ant" / "stack.yaml", ("kind: production", "kind: development"))
    assert found(folder, "ant") == []


def test_a_default_password_of_a_database_there_is_a_fault_with_its_line(folder: Path) -> None:
    with (folder / "ant" / "compose.yaml").open("a") as file:
        file.write(POSTGRES)
    with (folder / "ant" / "stack.yaml").open("a") as file:
        file.write(DATABASE)
    ended = checked(folder, "ant")
    assert (ended.returncode, "changeme" in ended.stdout) == (1, False)
    assert "ant/compose.yaml:10: " in ended.stdout
    assert "services.postgres.environment.POSTGRES_PASSWORD: holds a well-known" in ended.stdout


def test_a_login_that_nobody_gives_is_a_fault_with_its_line(folder: Path) -> None:
    with (folder / "ant" / "compose.yaml").open("a") as file:
        file.write(POSTGRES.replace("changeme", "c4t-in-a-tree"))
    with (folder / "ant" / "stack.yaml").open("a") as file:
        file.write(DATABASE.replace("database_key: GREETING", "database_key: SHOP_DATABASE"))
    [one] = found(folder, "ant")
    assert (one["kind"], one["file"].rpartition("/")[2], one["line"]) == ("fault", "stack.yaml", 12)
    assert one["came_back"] == (
        "databases[0].database_key: neither the env file nor the compose files have SHOP_DATABASE"
    )
    (folder / "ant" / ".env").write_text("GREETING=good-day\nSHOP_DATABASE=shop\n")
    assert found(folder, "ant") == []


def test_a_login_whose_file_only_the_server_has_is_no_fault(folder: Path) -> None:
    """As in a CI, which has no secrets."""
    with (folder / "ant" / "compose.yaml").open("a") as file:
        file.write(POSTGRES.replace("PASSWORD: changeme", "PASSWORD_FILE: /run/secrets/db"))
        file.write("    secrets: [db]\nsecrets: {db: {file: ./only-there.txt}}\n")
    with (folder / "ant" / "stack.yaml").open("a") as file:
        file.write(DATABASE)
    assert found(folder, "ant") == []


def test_an_env_file_that_git_keeps_is_a_risk(folder: Path) -> None:
    for words in (["init", "--quiet"], ["add", "-f", "ant/.env"]):
        subprocess.run(["git", *words], cwd=folder, check=True, timeout=30)
    [one] = found(folder)
    assert (one["kind"], one["stack"], one["came_back"]) == (
        "risk",
        "ant",
        "git keeps it, and whatever secrets are in it",
    )


def test_no_value_of_an_env_file_is_printed(folder: Path) -> None:
    (folder / "ant" / ".env").write_text("GREETING=tr0ub4dor-and-3\n")
    change(folder / "ant" / "compose.yaml", ("build: .", "privileged: ${GREETING}"))
    ended = checked(folder, "ant")
    assert ended.returncode == 1
    assert "tr0ub4dor" not in ended.stdout + ended.stderr


def test_an_unknown_stack_is_one_error(folder: Path) -> None:
    ended = checked(folder, "elk")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (
        ended.stderr
        == "✗ looking for the stack 'elk': there is none (known: ant, bee). Use one of the known names\n"
    )


def test_an_image_that_nothing_says_how_to_make_is_a_fault_and_one_that_is_looked_up_nowhere_a_risk(
    folder: Path,
) -> None:
    change(
        folder / "ant" / "stack.yaml",
        ("ready_path: /}", "ready_path: /}, {name: front, image: acme/front}"),
    )
    change(
        folder / "ant" / "compose.yaml",
        ("    build: .\n", ""),
        ("services:\n", "services:\n  front: {image: acme/front}\n"),
    )
    change(
        folder / "bee" / "stack.yaml",
        ('source: {repository: "https://example.com/acme/bee"}\n', ""),
        ("ready_path: /}", "ready_path: /, tag: '{version}'}"),
    )
    change(folder / "bee" / "compose.yaml", ("    build: .\n", "    pull_policy: never\n"))
    found_ones = {(one["stack"], one["kind"]): one["came_back"] for one in found(folder)}
    assert (
        "services.web, front: nothing says how each of these images is built"
        in found_ones["ant", "fault"]
    )
    assert "looked up in no registry" in found_ones["bee", "risk"]
    assert len(found_ones) == 2


# --- compose files as a team has them on its server ---

BASE = """
  db: {{image: "postgres:16", container_name: {name}-db, ports: ["5432:5432"], tmpfs: [/var/lib/postgresql/data]}}
"""


def test_an_env_file_that_only_the_server_has_can_be_said_without_it(folder: Path) -> None:
    stack, compose = folder / "ant" / "stack.yaml", folder / "ant" / "compose.yaml"
    change(compose, ("    build: .\n", "    build: .\n    env_file: '${ENV_FILE:-.env.local}'\n"))
    [one] = found(folder, "ant")
    assert one["came_back"] == "`env_file: .env.local` names a file that is not there"
    assert "`env_file_as: [.env.local]` beside its `env_file`" in one["to_do"]
    change(stack, ("env_file: .env", "env_file: .env, env_file_as: [.env.local]"))
    assert found(folder, "ant") == []


def test_two_environments_do_not_take_one_name_or_port_of_a_host(folder: Path) -> None:
    with (folder / "ant" / "compose.yaml").open("a") as file:
        file.write(BASE.format(name="ant"))
    change(
        folder / "ant" / "stack.yaml",
        (
            "environments:\n",
            "environments:\n  stage: {kind: staging, compose_files: [compose.yaml], env_file: .env,\n"
            "    secrets: {TOKEN: token-block}, domains: [stage.ant.localhost], image_alias: stage}\n",
        ),
    )
    told = [(one["environment"], one["came_back"], one["line"]) for one in found(folder, "ant")]
    assert told == [
        (
            "prod",
            "services.db.container_name: the name ant-db is taken by ant stage too, on the host 'local'",
            8,
        ),
        (
            "prod",
            "services.db.ports: the port 5432 is taken by ant stage too, on the host 'local'",
            8,
        ),
    ]
    change(folder / "ant" / "stack.yaml", ("kind: staging,", "kind: staging, shares_host: true,"))
    assert found(folder, "ant") == []


def test_two_stacks_share_a_host_name_where_both_say_so_and_no_path_is_the_same(
    folder: Path,
) -> None:
    shop, blog = (folder / name / "stack.yaml" for name in ("ant", "bee"))
    both_say_so = [(shop, "bee"), (blog, "ant")]
    change(blog, ("bee.localhost", "ant.localhost"), ("path: /,", "path: /blog,"))
    change(blog, ("smoke:", "routes: [{path: /blog, service: web}]\nsmoke:"))
    belongs = [(one["stack"], one["came_back"]) for one in found(folder)]
    assert belongs == [
        ("ant", "ant.localhost belongs to bee prod (its stack file)"),
        ("bee", "ant.localhost belongs to ant prod (its stack file)"),
    ]
    for file, partner in both_say_so:
        change(file, ("image_alias:", f"shares_names_with: [{partner}], image_alias:"))
    assert found(folder) == []
    change(
        shop,
        ("smoke:", "routes: [{path: /blog, service: web}]\nsmoke:"),
        ("path: /,", "path: /blog,"),
    )
    told = [one["came_back"] for one in found(folder)]
    assert [text.partition(" (")[0] for text in told] == [
        "ant.localhost/blog belongs to bee prod",
        "ant.localhost/blog belongs to ant prod",
    ]
