"""Dockerfiles that a release would not find, where the folder of the stack is a clone of what it is
built from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tasks.frame import adapters
from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.findings import Finding, placed
from tidegate.proposal.look import Repository
from tidegate.stack.build_places import place_faults
from tidegate.stack.recipes import base_sections, recipe_of, sections_of
from tidegate.stack.sources import is_one_repository
from tidegate.versions import MAIN

ANOTHER = (
    "Correct `dockerfile` and `context` of its `build:`, or name the repository that has it as "
    "`source` in stack.yaml"
)
COMMIT_FIRST = "Commit it (`git add`, `git commit`): a release builds a commit, never a folder"
NOT_FETCHED = "A release fetches no submodules: name its repository under `source.further`"


def missing_recipes(env: OpenEnvironment) -> Iterator[Finding]:
    """Those that are not there, and those that git does not have: no commit that is made here has
    them."""
    own = _own_clone(env)
    if own is None:
        return
    top, here = own
    if not here.newest:
        doing = f"looking for a commit of {env.stack.name}"
        yield Finding("fault", env.stack.name, env.name, doing, "there is none yet", COMMIT_FIRST)
    if here.tracked:
        yield from _recipes(env, top, here.tracked)


def _recipes(env: OpenEnvironment, top: Path, tracked: frozenset[str]) -> Iterator[Finding]:
    model, files = env.model(), [env.stack.folder / one for one in env.config.compose_files]
    sections = {**sections_of(model, env.stack), **base_sections(model, env.stack)}
    for name, section in sections.items():
        if section and any(place_faults(section, env.stack)):
            continue  # told already
        recipe = recipe_of(model, env.stack, name, {})
        if recipe.repository != MAIN or not recipe.dockerfile:
            continue
        if fault := _fault(top / recipe.dockerfile, tracked):
            said, to_do = fault
            place = f"services.{name}.build" if section else "source.dockerfile"
            text = f"{place}: {recipe.dockerfile} {said}"
            doing = f"looking for {name}'s Dockerfile"
            yield placed(Finding("fault", env.stack.name, env.name, doing, text, to_do), files)


def _own_clone(env: OpenEnvironment) -> tuple[Path, Repository] | None:
    """The clone in which the stack lies, with its top; None where it is built from another
    repository."""
    folder, source = env.stack.folder.resolve(), env.stack.source
    here = adapters.repository_at(folder)
    context = Path(here.context)
    top = folder.parents[len(context.parts) - 1] if context.parts else folder
    is_own = source is not None and (
        is_one_repository(source.repository, here.address)
        or (folder / source.repository).resolve() == top
    )
    is_here = is_own and source is not None and Path(source.context) == context
    return (top, here) if is_here else None


def _fault(file: Path, tracked: frozenset[str]) -> tuple[str, str] | None:
    """Of a link, what it leads to counts too. Of a submodule git knows the folder alone."""
    real = file.resolve()
    has_it = str(real) in tracked and (not file.is_symlink() or str(file) in tracked)
    if has_it and real.is_file():
        return None
    if any(str(one) in tracked for one in real.parents):
        return "lies in a submodule", NOT_FETCHED
    if real.is_dir():
        return "is a folder", ANOTHER
    if not real.is_file():
        return "is a link to nothing" if file.is_symlink() else "is not there", ANOTHER
    return "is not in git", "Commit it"
