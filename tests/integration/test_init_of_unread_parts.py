"""What `tidegate init` writes is what `tidegate check` takes: paths by variables, and env files and
keys of what is left out."""

from __future__ import annotations

from pathlib import Path

from tasks.plan.checking import look_over
from tests.integration.newcomers import Newcomer, begun, cloned
from tidegate.settings import Settings
from tidegate.stack.envfile import read_env
from tidegate.stack.file import load_stack

PAGE = "image: acme/page:1.0, ports: ['80:80']"


def begun_with(tmp_path: Path, compose: str, **files: str) -> Path:
    named = {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}
    clone = cloned(Newcomer({"compose.yaml": compose, **named}, 0, (), (), 0), tmp_path)
    begun(clone)
    return clone


def faults(clone: Path) -> list[str]:
    _, findings = look_over(Settings(stacks=clone, home=clone / ".tidegate"))
    return [one.came_back for one in findings if one.kind == "fault"]


def test_a_path_with_a_default_is_written_with_it(tmp_path: Path) -> None:
    clone = begun_with(
        tmp_path,
        f"services: {{web: {{{PAGE}, volumes: ['${{CONF:-./conf}}/b.ini:/etc/b.ini', "
        "'${DATA:-/srv/data}:/data']}}",
        conf__b_ini="[b]",
    )
    values = read_env(clone / ".env.staging")
    assert (values["CONF"], values["DATA"]) == ("./conf", "/srv/data")
    assert load_stack(clone).state.read_only == ("${CONF}/b.ini",)
    assert load_stack(clone).state.files == ("${DATA}",)
    assert faults(clone) == []


def test_a_path_by_a_variable_is_found_in_any_form(tmp_path: Path) -> None:
    clone = begun_with(
        tmp_path,
        f"services:\n  web: {{{PAGE}, volumes: ['./conf/$NAME.ini:/etc/n.ini', "
        "'${HOME}/shared:/shared', '$PWD/more:/more']}\n"
        "  mongo: {image: 'mongo:7', volumes: "
        "[{type: bind, source: '${MONGO_DATA}', target: /data/db}]}\n",
        conf__a_ini="[a]",
    )
    (clone / ".env.staging").write_text("NAME=a\nMONGO_DATA=/srv/mongo\n")
    state = load_stack(clone).state
    assert {*state.files} == {"${MONGO_DATA}", "${HOME}/shared", "./more"}
    assert state.read_only == ("./conf/${NAME}.ini",)
    [said] = faults(clone)  # of `~/shared`, which the stack file must allow
    assert "belongs to the host" in said


def test_keys_and_env_files_of_what_is_left_out_are_asked_of_nobody(tmp_path: Path) -> None:
    clone = begun_with(
        tmp_path,
        f"services:\n  web: {{{PAGE}, environment: {{KEY: '${{KEY}}'}}}}\n"
        "  traefik: {image: 'traefik:v3', env_file: traefik.env, command: '${ACME_EMAIL:?}', "
        "volumes: ['acme:/acme', '/var/run/docker.sock:/var/run/docker.sock'], "
        "networks: [public]}\n"
        "networks: {public: {name: '${PUBLIC_NET:?}'}}\n"
        "volumes: {acme: {name: '${ACME_VOLUME:?}'}}\n",
        traefik_env_example="CF_API_TOKEN=\nCF_EMAIL=\n",
    )
    assert load_stack(clone).left_out == ("traefik",)
    assert load_stack(clone).environments["staging"].env_file_as == ()
    (clone / ".env.staging").write_text(
        (clone / ".env.staging").read_text().replace("# KEY=", "KEY=x")
    )
    assert {*read_env(clone / ".env.staging")} == {"KEY"}
    assert faults(clone) == []


def test_a_variable_where_compose_takes_few_words_is_asked_like_any_other(tmp_path: Path) -> None:
    clone = begun_with(
        tmp_path,
        f"services:\n  web: {{{PAGE}, pull_policy: '${{PULL:-missing}}', cgroup: '${{CGROUP}}', "
        "ulimits: {nofile: '${FILES:-1024}'}, depends_on: {db: {condition: '${WHEN}'}}, "
        "volumes: [{type: '${MOUNT:-bind}', source: ./conf, target: /conf}]}\n"
        "  db: {image: 'postgres:16', volumes: ['data:/var/lib/postgresql/data'], "
        "environment: {POSTGRES_PASSWORD: '${DB_PASSWORD}'}}\n"
        "volumes: {data: {external: '${EXTERNAL:-false}'}}\n",
        conf__b_ini="[b]",
    )
    assert load_stack(clone).state.read_only == ("./conf",)
    env = clone / ".env.staging"
    assert "# CGROUP=" in env.read_text()
    assert "# WHEN=" in env.read_text()
    assert {one for one in faults(clone) if one.startswith("no value")} == {
        "no value for CGROUP",
        "no value for WHEN",
    }
    text = env.read_text().replace("# CGROUP=", "CGROUP=private")
    env.write_text(text.replace("# WHEN=", "WHEN=service_started"))
    assert faults(clone) == []
