"""What compose says under `build:` is what is built, from the commit alone, with no secret in
it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tidegate.stack.file import Stack
from tidegate.stack.recipes import Recipe, build_faults, recipe_of, sections_of
from tidegate.stack.services import Service

FOLDER = Path("/srv/stacks/shop")
HERE = {"context": str(FOLDER), "dockerfile": "Dockerfile"}
WEB = {"context": f"{FOLDER}/web", "dockerfile": "Dockerfile"}
OTHER = {"context": f"{FOLDER}/worker", "dockerfile": "Dockerfile"}
COMPOSE = Compose(DockerHost())
VALUES = {
    "MYSQL_PASSWORD": "Tr0ub4dor-and-3",
    "PYTHON": "python:3.12",
    "DSN": "mysql://app:s3cr3t-pass@db/shop",
    "PIN": "1",
}


def stack(**source: Any) -> Stack:
    return Stack.model_validate(
        {
            "name": "shop",
            "title": "Shop",
            "source": {"repository": "git.example/shop", **source},
            "services": [{"name": "web", "image": "acme/web", "port": 8000, "ready_path": "/"}],
            "smoke": [{"name": "home"}],
            "environments": {
                "prod": {
                    "kind": "production",
                    "compose_files": ["c.yml"],
                    "env_file": ".e",
                    "domains": ["a.test"],
                    "image_alias": "l",
                }
            },
        }
    ).model_copy(update={"folder": FOLDER})


def model(build: Any, **service: Any) -> dict[str, Any]:
    return {
        "services": {
            "web": {"image": "acme/web", **({"build": build} if build else {}), **service}
        },
        "secrets": {"npm": {"environment": "NPM_TOKEN"}, "other": {"file": "/srv/stacks/shop/o"}},
    }


def recipe(build: Any, source: dict[str, str] | None = None, **service: Any) -> Recipe:
    return recipe_of(model(build, **service), stack(**(source or {})), "web", {"VERSION": "v1"})


def faults(build: Any, **source: str) -> list[str]:
    return build_faults(model(build), stack(**source), VALUES, {})


@pytest.mark.parametrize(
    ("build", "source", "context", "dockerfile"),
    [
        (HERE, {}, ".", "Dockerfile"),
        ({**WEB, "dockerfile": "docker/Dockerfile"}, {}, "web", "web/docker/Dockerfile"),
        ({**WEB, "dockerfile": "../Dockerfile"}, {}, "web", "Dockerfile"),
        ({**HERE, "context": "/srv"}, {"context": "deploy/shop"}, ".", "Dockerfile"),
        (WEB, {"context": "apps"}, "apps/web", "apps/web/Dockerfile"),
        ({"context": "/srv/stacks/shop", "dockerfile_inline": "FROM scratch"}, {}, ".", ""),
        (None, {}, ".", "Dockerfile"),
        (None, {"context": "web", "dockerfile": "docker/Dockerfile"}, "web", "docker/Dockerfile"),
    ],
)
def test_a_path_of_the_stack_s_folder_means_the_same_path_of_the_commit(
    build: Any, source: dict[str, str], context: str, dockerfile: str
) -> None:
    made = recipe(build, source)
    assert (made.context, made.dockerfile) == (context, dockerfile)


def test_what_compose_says_is_what_is_built() -> None:
    said = {
        **HERE,
        "target": "prod",
        "args": {"A": "1", "VERSION": "x"},
        "ssh": ["default"],
        "platforms": ["linux/amd64"],
        "secrets": [{"source": "npm"}],
        "network": "none",
        "additional_contexts": {"lib": f"{FOLDER}/lib", "img": "docker-image://busybox:1"},
        "shm_size": "64m",
        "tags": ["acme/web:latest"],
        "cache_to": ["type=local,dest=/etc"],
        "labels": {"a": "b"},
    }
    made = recipe(said, platform="linux/amd64")
    assert made.settings == {
        "target": "prod",
        "args": {"A": "1", "VERSION": "v1"},
        "ssh": ["default"],
        "platforms": ["linux/amd64"],
        "secrets": [{"source": "npm"}],
        "network": "none",
        "shm_size": "64m",
        "labels": {"a": "b"},
    }
    assert made.contexts == {"lib": "lib", "img": "docker-image://busybox:1"}
    assert made.secrets == {"npm": {"environment": "NPM_TOKEN"}}
    assert made.platform == "linux/amd64"


@pytest.mark.parametrize(
    "change",
    [
        {"target": "dev"},
        {"args": {"A": "2"}},
        {"dockerfile": "Other"},
        {"platforms": ["linux/arm64"]},
        {"additional_contexts": {"lib": f"{FOLDER}/lib"}},
        {"labels": {"a": "c"}},
        {"context": f"{FOLDER}/web"},
    ],
)
def test_every_part_of_it_decides_the_image(change: dict[str, Any]) -> None:
    said = {**HERE, "target": "prod", "args": {"A": "1"}}
    assert recipe({**said, **change}).inputs != recipe(said).inputs


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"context": "/srv/other"}, "build.context: leads out of the repository"),
        (
            {"context": "https://github.com/a/b.git#main"},
            "build.context: https://github.com/a/b.git#main is not in the commit",
        ),
        ({"dockerfile": "../../Dockerfile"}, "build.dockerfile: leads out of the repository"),
        ({"dockerfile": "/etc/Dockerfile"}, "build.dockerfile: leads out of the repository"),
        (
            {"additional_contexts": {"keys": "/etc"}},
            "build.additional_contexts.keys: leads out of the repository",
        ),
        (
            {"additional_contexts": {"web": "service:two"}},
            "build.additional_contexts.web: service:two is not in the commit",
        ),
        (
            {"additional_contexts": {"u": "https://a.test/x.tar"}},
            "build.additional_contexts.u: https://a.test/x.tar is not in",
        ),
    ],
)
def test_what_is_not_of_the_commit_is_refused_with_its_path(
    change: dict[str, Any], said: str
) -> None:
    found = faults({**HERE, **change})
    assert [one for one in found if said in one], found


@pytest.mark.parametrize(
    "change",
    [
        {"args": {"TOKEN": "abcd1234"}},
        {"args": {"X": "Tr0ub4dor-and-3"}},
        {"args": {"X": "pw=Tr0ub4dor-and-3;"}},
        {"labels": {"x": "Tr0ub4dor-and-3"}},
        {"args": {"X": "s3cr3t-pass"}},
        {"target": "Tr0ub4dor-and-3"},
        {"args": {"URL": "https://me:hunter22@pypi.test/simple"}},
        {"dockerfile_inline": "FROM x\nRUN login Tr0ub4dor-and-3"},
    ],
)
def test_no_secret_is_put_where_whoever_has_the_image_can_read_it(change: dict[str, Any]) -> None:
    found = faults({**HERE, **change})
    assert len(found) >= 1
    assert "use a build secret" in found[0]
    assert not [
        value
        for value in ("Tr0ub4dor", "s3cr3t", "hunter22", "abcd1234")
        if value in "; ".join(found)
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"args": {"BASE": "python:3.12", "N": "1"}},
        {"secrets": [{"source": "npm"}]},
        {"ssh": ["default"]},
        {"additional_contexts": {"base": "docker-image://acme/base:1"}},
        {"labels": {"team": "shop"}},
    ],
)
def test_what_is_no_secret_and_of_the_commit_passes(change: dict[str, Any]) -> None:
    assert faults({**HERE, **change}) == []


def test_a_dockerfile_that_is_said_twice_is_refused() -> None:
    assert "take it out" in faults(HERE, dockerfile="Other")[0]
    assert faults(None, dockerfile="Other") == []


def two(
    web: Any, worker: Any, *, image: str = "acme/web", tag: str | None = None, **source: str
) -> tuple[dict[str, Any], Stack]:
    """A second service beside the first, with the same image or another one."""
    one = stack(**source)
    second = Service.model_validate(
        {"name": "worker", "image": image, **({"tag": tag} if tag else {})}
    )
    said = {"web": web, "worker": worker}
    return (
        {"services": {name: {"build": build} if build else {} for name, build in said.items()}},
        one.model_copy(update={"services": (*one.services, second)}),
    )


@pytest.mark.parametrize(("web", "worker"), [(WEB, None), (None, WEB), (WEB, WEB), (None, None)])
def test_services_that_share_an_image_have_one_build(web: Any, worker: Any) -> None:
    """So it is found and not built a second time: equal inputs are one image."""
    model, shared = two(web, worker)
    assert build_faults(model, shared, VALUES, {}) == []
    first, second = (recipe_of(model, shared, name, {}) for name in ("web", "worker"))
    assert first.inputs == second.inputs
    assert first.context == ("web" if web or worker else ".")


def test_two_images_of_one_name_whose_builds_differ_are_refused() -> None:
    [fault] = build_faults(*two(WEB, OTHER), VALUES, {})
    assert fault == (
        "services.worker.build: differs from that of web, and stack.yaml calls both images acme/web; "
        "give each its own name"
    )
    assert build_faults(*two(WEB, OTHER, image="acme/worker"), VALUES, {}) == []
    assert build_faults(*two(WEB, OTHER, tag="{version}"), VALUES, {}) == []  # it is not built here


def test_a_dockerfile_that_nobody_named_does_not_build_two_images() -> None:
    """A frontend ran the backend's image, and every check was green."""
    [fault] = build_faults(*two(None, None, image="acme/frontend"), VALUES, {})
    assert "services.web, worker: nothing says how each of these images is built" in fault
    assert (
        build_faults(*two(None, None, image="acme/frontend", dockerfile="Dockerfile"), VALUES, {})
        == []
    )
    assert build_faults(*two(WEB, None, image="acme/frontend"), VALUES, {}) == []


def test_what_is_not_built_here_needs_nothing_under_build() -> None:
    model, found = two(
        None, {"context": "https://git.example/x.git", "dockerfile": "x"}, image="acme/x", tag="9"
    )
    assert build_faults(model, found, VALUES, {}) == []
    assert sorted(sections_of(model, found)) == ["web"]


def test_compose_s_own_answer_has_the_forms_that_are_read_here(tmp_path: Path) -> None:
    """Long and short forms, paths and names: as the real compose writes them."""
    (tmp_path / "c.yml").write_text(
        "services:\n  web:\n    build: {context: ./web, args: [A=1, TOKEN], secrets: [npm, {source: other, target: /x}],\n"
        "      additional_contexts: [lib=./lib, 'img=docker-image://busybox:1']}\n"
        "secrets: {npm: {environment: NPM_TOKEN}, other: {file: ./o}}\n"
    )
    read = COMPOSE.read([tmp_path / "c.yml"], {"TOKEN": "abcd1234", "NPM_TOKEN": "x"}, "shop-prod")
    here = stack().model_copy(update={"folder": tmp_path})
    made = recipe_of(read, here, "web", {})
    assert (made.context, made.dockerfile, dict(made.contexts)) == (
        "web",
        "web/Dockerfile",
        {"lib": "lib", "img": "docker-image://busybox:1"},
    )
    assert made.settings["args"] == {"A": "1", "TOKEN": "abcd1234"}
    assert made.secrets["npm"]["environment"] == "NPM_TOKEN"
    assert made.secrets["other"]["file"] == str(tmp_path / "o")
    assert "args.TOKEN" in build_faults(read, here, VALUES, {})[0]
