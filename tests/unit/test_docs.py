"""The documents name what the code has, and what they point to is there."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from prefect import Flow
from prefect.blocks.core import Block
from pydantic import BaseModel

from cli.main import app
from control.served import fixed, for_each_environment
from setup.places import ROOT
from tasks.people.forms import ACCEPTANCE, CHECKLIST
from tests.unit.documents import in_tables, make_words, sections, text
from tidegate import errors
from tidegate.facts import Severity
from tidegate.pages.words import WORDS
from tidegate.policy.states import DeploymentState
from tidegate.settings import Settings
from tidegate.stack.environments import Place
from tidegate.stack.file import load_stack
from tidegate.stack.formats import Part

SUFFIX = {"zh": ".zh-CN"}


def modules(package: str) -> Iterable[Any]:
    files = sorted((ROOT / package.replace(".", "/")).rglob("[!_]*.py"))
    return (import_module(".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in files)


def flows() -> dict[str, Flow[..., Any]]:
    return {
        one.name: one
        for module in modules("flows")
        for one in vars(module).values()
        if isinstance(one, Flow)
    }


def blocks() -> dict[str, type[Block]]:
    found = [
        one
        for module in modules("blocks")
        for one in vars(module).values()
        if inspect.isclass(one) and issubclass(one, Block) and one.__module__ == module.__name__
    ]
    return {one.get_block_type_slug(): one for one in found}


def fields_of(block: type[Block]) -> set[str]:
    return set(block.model_fields) - set(Block.model_fields)


def error_names() -> set[str]:
    return {
        name
        for name, one in vars(errors).items()
        if inspect.isclass(one) and issubclass(one, errors.TidegateError)
    }


def commands() -> set[str]:
    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


# --- what the code has, the pages name ---


def test_every_flow_has_a_section_with_each_of_its_parameters() -> None:
    described = {name: in_tables(part) for name, part in sections("docs/flows.md").items()}
    wanted = {name: set(flow.parameters.properties) for name, flow in flows().items()}
    assert {name: described[name] for name in wanted} == wanted


def test_every_deployment_is_named() -> None:
    known = [*fixed(), *for_each_environment()]
    names = {
        f"{one['entrypoint'].split(':')[1].replace('_', '-')}/{one.get('name', '<environment>')}"
        for one in known
    }
    assert {name for name in names if f"`{name}`" not in text("docs/flows.md")} == set()


def test_every_block_has_a_section_with_each_of_its_fields() -> None:
    described = {name: in_tables(part) for name, part in sections("docs/blocks.md").items()}
    wanted = {slug: fields_of(block) for slug, block in blocks().items()}
    assert len(wanted) >= 5
    assert {slug: described.get(slug) for slug in wanted} == wanted


def test_every_error_is_explained_and_no_other() -> None:
    assert in_tables(text("docs/errors.md")) == error_names()


def test_every_setting_is_explained_and_no_other() -> None:
    found = {name for name in in_tables(text("docs/settings.md")) if name.startswith("TIDEGATE_")}
    assert found == {f"TIDEGATE_{name.upper()}" for name in Settings.model_fields}


def test_every_word_of_the_makefile_is_explained() -> None:
    rows = in_tables(sections("docs/operations.md")["Words of the Makefile"])
    assert rows == {f"make {word}" for word in make_words()}


def test_every_command_and_option_is_explained() -> None:
    section = sections("docs/operations.md")["The command line"]
    assert set(re.findall(r"tidegate ([a-z-]+)", section)) == commands()
    options = {
        option
        for command in typer.main.get_command(app).commands.values()  # type: ignore[attr-defined]
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    assert {option for option in options - {"--fresh"} if option not in section} == set()


def test_every_state_is_explained() -> None:
    assert in_tables(sections("docs/reliability.md")["States of a deployment"]) == {
        state.value for state in DeploymentState
    }


def test_every_key_of_the_stack_file_is_in_the_sample() -> None:
    parts = [
        one
        for module in modules("tidegate.stack")
        for one in vars(module).values()
        if inspect.isclass(one) and issubclass(one, Part)
    ]
    keys = {key for part in parts for key in part.model_fields} - {"folder"}
    assert {key for key in keys if not re.search(rf"(^|[\s{{]){key}:", sample())} == set()


def test_every_port_of_the_settings_is_in_the_table_of_ports() -> None:
    ports = {
        str(getattr(Settings.model_fields[name], "default", ""))
        for name in Settings.model_fields
        if name.endswith("port")
    }
    section = sections("docs/operations.md")["Ports"]
    assert {port for port in ports if f"| {port} |" not in section} == set()


# --- what the pages say works ---


def sample() -> str:
    found = re.search(r"```yaml\n(name: .*?)```", text("docs/stack-file.md"), re.DOTALL)
    assert found
    return found[1]


def load(content: str, folder: Path) -> BaseModel:
    (folder / "stack.yaml").write_text(content, encoding="utf-8")
    return load_stack(folder)


def test_the_commented_sample_loads(tmp_path: Path) -> None:
    assert load(sample(), tmp_path)


def test_the_tutorials_stack_file_loads_at_each_stage(tmp_path: Path) -> None:
    first, data, prod = re.findall(r"```yaml\n(.*?)```", text("docs/tutorial.md"), re.DOTALL)
    grown = first.rstrip("\n") + "\n" + prod + data
    for stage in (first, grown):
        assert load(stage, tmp_path)
    assert "staging" in grown


def test_what_a_person_chooses_from_is_named() -> None:
    for severity in get_args(Severity):
        assert f"`{severity}`" in text("docs/flows.md")


# --- both languages ---


def commands_in(page: str) -> set[str]:
    command = r"(?:`|^)(make [a-z-]+|tidegate [a-z]+|(?:release|rollback|recover)/[a-z]+)\b"
    return set(re.findall(command, text(page), re.MULTILINE))


def shape(page: str) -> Mapping[str, object]:
    """What a translation keeps: headings, rows, pictures, blocks of code."""
    lines = text(page).splitlines()
    return {
        "headings": [len(line.split()[0]) for line in lines if line.startswith("#")],
        "rows": sum(line.startswith("|") for line in lines),
        "pictures": re.findall(r"!\[.*\]\((.*?)(?:\.zh-CN)?\.png\)", text(page)),
        "blocks": text(page).count("```"),
    }


@pytest.mark.parametrize("page", ["README", "docs/product-manager"])
def test_both_languages_have_the_same_shape_and_name_the_same_commands(page: str) -> None:
    english, chinese = f"{page}.md", f"{page}{SUFFIX['zh']}.md"
    assert shape(chinese) == shape(english)
    assert commands_in(chinese) == commands_in(english)


def test_the_guide_for_product_managers_explains_their_words() -> None:
    """R33."""
    for page in ("docs/product-manager.md", "docs/product-manager.zh-CN.md"):
        for word in (
            "Deploy",
            "Staging",
            "Production",
            "Rollback",
            "Build",
            "SHA",
            "Image",
            "Workflow",
            "Hot fix",
        ):
            assert re.search(rf"^\| {word}\b", text(page), re.MULTILINE), (page, word)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_guide_calls_the_parts_of_the_page_and_the_form_as_they_are_called_there(
    language: str,
) -> None:
    page = text(f"docs/product-manager{SUFFIX.get(language, '')}.md")
    staging = Place("staging", "staging").inside(language)
    parts = [
        WORDS[language][key].format(place=staging)
        for key in (
            "runs_now",
            "new",
            "commits",
            "smoke",
            "migration",
            "way_back",
            "backup",
            "decide",
        )
    ]
    titles = [str(ACCEPTANCE[language].model_fields[item].title) for item in CHECKLIST]
    items = [
        re.split(r": |：", re.split(r" \(|（", title)[0])[-1] for title in titles
    ]  # without number and remark
    assert [name for name in parts + items if name.lower() not in page.lower()] == []


def test_the_readme_stands_in_the_order_that_a_reader_needs() -> None:
    """House rule 27."""
    order = ["five minutes", "when it fails", "Where things are", "Limits"]
    assert [heading for heading in sections("README.md")] == [
        next(name for name in sections("README.md") if part in name) for part in order
    ]


def test_the_changelog_has_the_version_that_is_built() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    assert project["version"] in sections("CHANGELOG.md")
    assert project["license"] in text("README.md")
    assert "Apache License" in text("LICENSE")


def test_the_pages_leave_a_place_for_the_crash_matrix() -> None:
    page = text("docs/reliability.md")
    assert page.index("<!-- crash-matrix -->") < page.index("<!-- /crash-matrix -->")
