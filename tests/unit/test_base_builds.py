"""By what it is seen that the image of a base service would be another one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.test_recipes import FOLDER, VALUES, stack
from tidegate.facts import ComposeModel
from tidegate.stack.base_builds import inputs_of, places_of, with_images
from tidegate.stack.recipes import Recipe, base_sections, build_faults, recipe_of

FILE = "FROM mysql:8.0\nCOPY db/conf.d /etc/mysql/conf.d\n"
FILES = {"db/Dockerfile": "1", "db/conf.d/a.cnf": "2", "app/main.py": "3", ".dockerignore": "4"}


def model(**build: Any) -> ComposeModel:
    """The whole repository is the context of its database."""
    said = {"context": str(FOLDER), "dockerfile": "db/Dockerfile", **build}
    return {"services": {"web": {"image": "acme/web"}, "db": {"build": said}}}


def recipe(**build: Any) -> Recipe:
    return recipe_of(model(**build), stack(), "db", {})


def inputs(files: dict[str, str], text: str = FILE, **build: Any) -> str:
    return inputs_of(recipe(**build), files, text)


def test_a_base_service_without_an_image_is_built_from_the_commit() -> None:
    made = recipe()
    assert (made.context, made.dockerfile) == (".", "db/Dockerfile")
    assert places_of(made) == [".", "db/Dockerfile", "db/Dockerfile.dockerignore"]


def test_one_that_names_an_image_too_and_one_without_a_repository_are_not_built() -> None:
    named = model()
    named["services"]["db"]["image"] = "acme/db:1"
    assert base_sections(named, stack()) == {}
    assert base_sections(model(), stack().model_copy(update={"source": None})) == {}


@pytest.mark.parametrize("name", ["shop_db", "hub.example:5000/shop/db"])
def test_a_name_without_a_tag_beside_its_build_is_that_of_what_is_built(name: str) -> None:
    named = model()
    named["services"]["db"]["image"] = name
    assert [*base_sections(named, stack())] == ["db"]


@pytest.mark.parametrize("path", ["db/Dockerfile", "db/conf.d/a.cnf", ".dockerignore"])
def test_another_file_that_it_is_given_makes_another_image(path: str) -> None:
    assert inputs({**FILES, path: "other"}) != inputs(FILES)


def test_a_new_file_among_them_makes_another_image() -> None:
    assert inputs({**FILES, "db/conf.d/b.cnf": "5"}) != inputs(FILES)


def test_a_file_that_its_dockerfile_does_not_copy_makes_no_other_image() -> None:
    """The application lies beside it, and each release is of another commit."""
    assert inputs({**FILES, "app/main.py": "other"}) == inputs(FILES)
    assert inputs({**FILES, "app/main.py": "other"}, "FROM x\nCOPY . /a\n") != inputs(
        FILES, "FROM x\nCOPY . /a\n"
    )


@pytest.mark.parametrize("said", [{"target": "prod"}, {"args": {"MAJOR": "17"}}])
def test_another_recipe_makes_another_image(said: Any) -> None:
    assert inputs(FILES, **said) != inputs(FILES)


def test_a_folder_beside_its_context_counts_whole() -> None:
    beside = {"context": f"{FOLDER}/db", "dockerfile": "Dockerfile"}
    more = {"additional_contexts": {"lib": f"{FOLDER}/app"}}
    moved = {**FILES, "app/main.py": "other"}
    assert inputs(moved, "FROM x\n", **beside) == inputs(FILES, "FROM x\n", **beside)
    assert inputs(moved, "FROM x\n", **beside, **more) != inputs(
        FILES, "FROM x\n", **beside, **more
    )


def test_its_build_is_refused_for_the_same_reasons_as_a_released_one_s() -> None:
    outside = build_faults(model(context="/srv/elsewhere"), stack(), VALUES, {})
    assert "services.db.build.context: leads out of the repository" in outside[0]
    [secret] = build_faults(model(args={"A": VALUES["MYSQL_PASSWORD"]}), stack(), VALUES, {})
    assert "services.db.build.args.A: holds the value of MYSQL_PASSWORD" in secret


def test_the_image_of_a_service_is_named_and_the_others_stay_as_they_are() -> None:
    named = with_images(model(), {"db": "sha256:aa"})["services"]
    assert named["db"]["image"] == "sha256:aa"
    assert named["web"] == {"image": "acme/web"}
