"""What an approval is about, without anything running: whatever a deployment is made of has a name
and a fingerprint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.attacks.team_folder import KEY, PASSWORD, made_in, read, resolved, text, within
from tidegate.plan.resolved import ResolvedConfiguration, differences, names_of, resolve
from tidegate.stack.envfile import EnvDiff


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made_in(tmp_path)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> ResolvedConfiguration:
    """Of a folder that nobody has edited."""
    return resolved(made_in(tmp_path_factory.mktemp("before")))


def without_migrations(folder: Path) -> None:
    content = yaml.safe_load((folder / "stack.yaml").read_text())
    del content["migrations"]
    (folder / "stack.yaml").write_text(yaml.safe_dump(content))


EDITS: dict[str, tuple[Callable[[Path], object], str]] = {
    "an included file": (
        within("shared.yaml", "services", "cache", "privileged", to=True),
        "compose services.cache.privileged",
    ),
    "a service more, in an included file": (
        within("shared.yaml", "services", "miner", to={"image": "evil"}),
        "compose services.miner",
    ),
    "the file of an extends": (
        within("common.yaml", "services", "base", "privileged", to=True),
        "compose services.web.privileged",
    ),
    "a value in an env_file": (
        text("web.env", "GREETING=hello\nWEB_PASSWORD=other\n"),
        "compose services.web.environment.WEB_PASSWORD",
    ),
    "a key more in an env_file": (
        text("web.env", f"GREETING=hello\nWEB_PASSWORD={PASSWORD}\nLD_PRELOAD=/x\n"),
        "compose services.web.environment.LD_PRELOAD",
    ),
    "a build argument": (
        within("compose.yaml", "services", "web", "build", "args", "COLOUR", to="red"),
        "compose services.web.build.args.COLOUR",
    ),
    "a mounted file": (text("nginx.conf", "server { autoindex on; }\n"), "files nginx.conf"),
    "a file in a mounted folder": (text("conf.d/b.conf", "b\n"), "files conf.d/b.conf"),
    "the file of a secret": (text("token.txt", "other\n"), "files token.txt"),
    "the env file": (text(".env.production", "LEVEL=DEBUG\n"), "env LEVEL"),
    "smoke checks that prove nothing": (
        within("stack.yaml", "smoke", 0, "contains", to=None),
        "stack smoke[0].contains",
    ),
    "a watch that sees nothing": (
        within("stack.yaml", "watch", to={"seconds": 0, "error_ratio": 1}),
        "stack watch.seconds",
    ),
    "a domain more": (
        within(
            "stack.yaml", "environments", "prod", "domains", to=["quay.localhost", "bank.localhost"]
        ),
        "stack environments.prod.domains[1]",
    ),
    "no migration any more": (without_migrations, "stack migrations[0]"),
    "more time to decide": (
        within("stack.yaml", "environments", "prod", "approval_hours", to=2000),
        "stack environments.prod.approval_hours",
    ),
    "no approval any more": (
        within("stack.yaml", "environments", "prod", "approval", to=False),
        "stack environments.prod.approval",
    ),
    "another path that says ready": (
        within("stack.yaml", "services", 0, "ready_path", to="/"),
        "stack services[0].ready_path",
    ),
    "nothing kept of the data": (within("stack.yaml", "state", "keep", to=1), "stack state.keep"),
}


@pytest.mark.parametrize(("edit", "name"), EDITS.values(), ids=EDITS.keys())
def test_whatever_a_deployment_is_made_of_makes_it_another_configuration_and_has_a_name(
    folder: Path, before: ResolvedConfiguration, edit: Callable[[Path], object], name: str
) -> None:
    edit(folder)
    after = resolved(folder)
    assert after.hash != before.hash
    assert name in names_of(differences(before.prints, after))


def test_the_same_files_are_the_same_configuration_wherever_their_folder_lies(
    folder: Path, before: ResolvedConfiguration
) -> None:
    moved = resolved(folder.rename(folder.parent / "renamed"))
    assert moved.hash == before.hash
    assert differences(before.prints, moved) == {}


def test_no_value_stands_in_what_is_kept_in_the_ledger_and_a_weak_secret_cannot_be_guessed_from_it(
    folder: Path, before: ResolvedConfiguration
) -> None:
    kept = json.dumps(dict(before.prints))
    assert PASSWORD not in kept
    assert "t0ken" not in kept
    stack, values, model = read(folder)
    other = resolve(
        stack=stack, environment="prod", values=values, model=model, files={}, key=b"o" * 32
    )
    assert other.prints["compose/services.web.environment.WEB_PASSWORD"] not in kept


def test_a_number_is_not_its_text_and_a_dot_in_a_name_is_no_path(folder: Path) -> None:
    stack, values, model = read(folder)

    def with_labels(labels: object) -> ResolvedConfiguration:
        changed = {**model, "services": {**model["services"], "cache": {"labels": labels}}}
        return resolve(
            stack=stack, environment="prod", values=values, model=changed, files={}, key=KEY
        )

    different: list[object] = [
        {"a.b": 1},
        {"a.b": "1"},
        {"a": {"b": 1}},
        {"a": [1]},
        {"a": {"0": 1}, "b": {}},
        {"a": {"0": 1}},
        {"a[0]": 1},
        {},
        "",
    ]
    assert len({with_labels(one).hash for one in different}) == len(different)


def test_an_older_ledger_that_knows_only_the_env_is_compared_by_that(
    before: ResolvedConfiguration,
) -> None:
    older = {path: value for path, value in before.prints.items() if path.startswith("env/")}
    assert differences(older, before) == {}
    assert differences({**older, "env/GONE": "x"}, before) == {"env": EnvDiff(removed=("GONE",))}
