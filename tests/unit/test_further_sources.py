"""Further repositories in a stack file, and which paths under `build:` are theirs."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prefect.logging import disable_run_logger

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.builds import repository_of
from tasks.plan.further import further_commits
from tests.unit.plans import COMMIT
from tests.unit.test_recipes import FOLDER, VALUES, model, stack
from tidegate.errors import StackFileError, VersionError
from tidegate.plan.resolved import ResolvedConfiguration, resolve
from tidegate.ports import SourceRepository
from tidegate.secrecy.known_names import known_names
from tidegate.stack.file import Stack, load_stack
from tidegate.stack.recipes import build_faults, recipe_of
from tidegate.stack.versions import tagged
from tidegate.versions import Commit

FRONT = {"repository": "https://git.example/acme/shop-frontend.git", "folder": "../shop-frontend"}
DOCS = {"repository": "git@git.example:acme/docs", "folder": "docs", "branch": "main"}
THERE = f"{FOLDER.parent}/shop-frontend"


def of(**further: dict[str, str]) -> Stack:
    return stack(further=further)


def faults(build: dict[str, Any], **further: dict[str, str]) -> list[str]:
    return build_faults(model(build), of(**further), VALUES, {})


def written(folder: Path, further: str) -> Path:
    """A stack file of one service whose `source` has these further repositories."""
    (folder / "stack.yaml").write_text(
        "name: shop\ntitle: Shop\n"
        f"source: {{repository: git.example/shop, further: {further}}}\n"
        "services: [{name: web, image: acme/web, port: 80, ready_path: /}]\n"
        "smoke: [{name: home}]\n"
        "environments: {prod: {kind: production, compose_files: [c.yml], env_file: .e,\n"
        "  domains: [a.test], image_alias: latest}}\n"
    )
    return folder


@pytest.mark.parametrize(
    ("context", "repository", "path"),
    [
        (THERE, "front", "."),
        (f"{THERE}/web", "front", "web"),
        (f"{FOLDER}/docs", "docs", "."),
        (f"{FOLDER}/docs/site", "docs", "site"),
        (f"{FOLDER}/docs-of-ours", "", "docs-of-ours"),
        (str(FOLDER), "", "."),
    ],
)
def test_a_path_in_the_folder_of_a_further_repository_is_one_of_its_commit(
    context: str, repository: str, path: str
) -> None:
    found = of(front=FRONT, docs=DOCS)
    made = recipe_of(model({"context": context}), found, "web", {})
    assert (made.repository, made.context) == (repository, path)
    assert made.dockerfile == ("Dockerfile" if path == "." else f"{path}/Dockerfile")
    assert faults({"context": context}, front=FRONT, docs=DOCS) == []


def test_of_folders_that_lie_in_each_other_the_innermost_counts() -> None:
    inner = {"repository": "git.example/acme/kit", "folder": "../shop-frontend/kit"}
    found = of(front=FRONT, kit=inner)
    for context, repository in ((f"{THERE}/kit/a", "kit"), (f"{THERE}/a", "front")):
        assert recipe_of(model({"context": context}), found, "web", {}).repository == repository


def test_the_same_path_of_another_repository_is_another_image() -> None:
    found = of(front=FRONT)
    mine, theirs = (
        recipe_of(model({"context": one}), found, "web", {}) for one in (str(FOLDER), THERE)
    )
    assert mine.inputs != theirs.inputs
    # and what is built of one repository keeps the name it was found by before
    assert mine.inputs == recipe_of(model({"context": str(FOLDER)}), stack(), "web", {}).inputs


def test_a_context_of_a_repository_that_nobody_named_is_refused_and_says_where_to_name_it() -> None:
    fault, *_ = faults({"context": f"{FOLDER.parent}/shop-backend"}, front=FRONT)
    assert "services.web.build.context: leads out of the repository" in fault
    assert "under `source.further` in stack.yaml" in fault


@pytest.mark.parametrize(
    "build",
    [
        {"context": THERE, "dockerfile": f"{FOLDER}/front.Dockerfile"},
        {"context": THERE, "additional_contexts": {"kit": f"{FOLDER}/kit"}},
        {"context": str(FOLDER), "additional_contexts": {"kit": THERE}},
        {"context": str(FOLDER), "dockerfile": "inner/Dockerfile"},
        {"context": str(FOLDER), "dockerfile": "./web/../inner/web/Dockerfile"},
    ],
)
def test_an_image_of_two_repositories_is_refused(build: dict[str, Any]) -> None:
    [fault] = faults(build, front=FRONT, inner={**DOCS, "folder": "inner"})
    assert "in front" in fault or "in inner" in fault
    assert "in that of `source`" in fault
    assert fault.endswith("one image is built from one repository alone")


def test_a_dockerfile_outside_of_a_further_repository_is_refused() -> None:
    build = {"context": THERE, "dockerfile": "../shop/front.Dockerfile"}
    assert faults(build, front=FRONT) == [
        "services.web.build.dockerfile: leads out of the repository"
    ]


@pytest.mark.parametrize("folder", ["..", ".", "../..", "../shop", "../../stacks/shop"])
def test_a_folder_that_holds_the_stack_file_is_none_of_a_further_repository(folder: str) -> None:
    [fault] = faults({"context": str(FOLDER)}, front={**FRONT, "folder": folder})
    assert fault.startswith("source.further.front.folder in stack.yaml: ")


@pytest.mark.parametrize(
    ("further", "said"),
    [
        ("{a: {repository: git.example/shop.git, folder: ../a}}", "further.a.repository: is that"),
        (
            "{a: {repository: x@h.example:a/b, folder: ../a}, "
            "b: {repository: x@h.example:a/b.git, folder: ../b}}",
            "source.further.b.repository: is that of source.further.a already",
        ),
        (
            "{a: {repository: g.example/a, folder: ../a}, b: {repository: g.example/b, "
            "folder: ../c/../a/}}",
            "source.further: two of them have the folder '../a'",
        ),
        ("{a: {repository: ../a}}", "source.further.a.folder: is missing"),
        ("{a: {folder: ../a}}", "source.further.a.repository: is missing"),
        ("{a: {repository: ../a, folder: /srv/a}}", "a path from the stack file's folder"),
        ("{A: {repository: ../a, folder: ../a}}", "lower-case letters"),
        ("{a: {repository: ../a, folder: ../a, ref: main}}", "unknown key"),
        ("{a: {repository: ../a, folder: ../a, branch: --all}}", "a branch as git allows it"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(
    tmp_path: Path, further: str, said: str
) -> None:
    with pytest.raises(StackFileError) as refused:
        load_stack(written(tmp_path, further))
    assert said in refused.value.came_back


@pytest.mark.parametrize(
    "address", ["https://mei:hunter22@h.example/a", "https://h.example/a?token=hunter22"]
)
def test_no_address_of_a_further_repository_holds_a_secret(tmp_path: Path, address: str) -> None:
    with pytest.raises(StackFileError, match="holds a credential or a query") as refused:
        load_stack(written(tmp_path, f"{{a: {{repository: '{address}', folder: ../a}}}}"))
    assert "hunter22" not in str(refused.value)


def test_a_moved_folder_of_all_checkouts_is_no_other_configuration() -> None:
    def resolved(parent: str, context: str = "") -> ResolvedConfiguration:
        folder = Path(parent) / "shop"
        build = {"context": f"{parent}/shop-frontend{context}", "dockerfile": "Dockerfile"}
        return resolve(
            stack=of(front=FRONT, docs=DOCS).model_copy(update={"folder": folder}),
            environment="prod",
            values={},
            model={"services": {"web": {"image": "acme/web", "build": build}}},
            files={},
            key=b"k" * 32,
        )

    assert resolved("/srv/stacks") == resolved("/opt/work")
    assert resolved("/srv/stacks") != resolved("/srv/stacks", context="/web")


def test_a_recipe_of_a_repository_that_the_stack_file_names_no_more_is_refused_by_name() -> None:
    """What is planned has its own stack file; the repositories are those of now."""
    recipe = recipe_of(model({"context": THERE}), of(front=FRONT), "web", {})
    env = cast(OpenEnvironment, SimpleNamespace(stack=of(front=FRONT), source=None, further={}))
    with pytest.raises(VersionError, match=r"names no `source\.further\.front`"):
        repository_of(env, recipe)


def test_further_repositories_are_asked_side_by_side() -> None:
    """Each may take its whole time limit, and resolving a version has one for all."""
    both = threading.Barrier(2, timeout=10)

    def asked(version: str) -> Commit:
        both.wait()
        return COMMIT

    source = cast(SourceRepository, SimpleNamespace(tagged=asked))
    env = cast(
        OpenEnvironment,
        SimpleNamespace(
            stack=of(front=FRONT, docs=DOCS), further={"front": source, "docs": source}
        ),
    )
    with disable_run_logger():
        assert further_commits(env, "v1.0.0", COMMIT) == {"front": COMMIT, "docs": COMMIT}


def test_the_names_of_further_repositories_are_no_secrets() -> None:
    found = of(front=FRONT, docs=DOCS)
    assert {"front", "docs"} <= known_names(found, found.environments["prod"], {}, ())


def test_compose_tells_a_folder_beside_the_stack_s_by_its_whole_path(tmp_path: Path) -> None:
    """Whether or not it is there."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "c.yml").write_text("services: {web: {image: acme/web, build: ../shop-frontend}}\n")
    read = Compose(DockerHost()).read([folder / "c.yml"], {}, "shop")
    here = of(front=FRONT).model_copy(update={"folder": folder})
    made = recipe_of(read, here, "web", {})
    assert (made.repository, made.context, made.dockerfile) == ("front", ".", "Dockerfile")


def test_a_version_s_tag_is_known_with_and_without_its_v() -> None:
    refs = {"v1.1.0": "a", "1.2.0": "b", "main": "c", "v1.3.0": "d", "1.3.0": "e"}
    assert [tagged(one, refs) for one in ("v1.1.0", "1.1.0", "v1.2.0")] == ["a", "a", "b"]
    assert [tagged(one, refs) for one in ("v9.0.0", "sha-19b9b98", "main")] == [None] * 3
    with pytest.raises(VersionError, match="two tags answer to it"):
        tagged("v1.3.0", refs)
