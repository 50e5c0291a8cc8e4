"""Dockerfiles that the commits cannot have, where the folder of the stack is a clone of what they
are built from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tasks.frame import adapters
from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.findings import Finding
from tidegate.stack.recipes import base_sections, recipe_of, sections_of
from tidegate.stack.sources import is_one_repository
from tidegate.versions import MAIN


def missing_recipes(env: OpenEnvironment) -> Iterator[Finding]:
    """Those that are not there, and those that git does not have: each commit that is made of this
    folder is without them."""
    top, tracked = _own_clone(env)
    if not tracked:
        return
    model = env.model()
    for name in {**sections_of(model, env.stack), **base_sections(model, env.stack)}:
        recipe = recipe_of(model, env.stack, name, {})
        file = top / recipe.dockerfile
        if recipe.repository != MAIN or not recipe.dockerfile or _is_in(tracked, file):
            continue
        said, to_do = (
            ("git does not have it", "Commit it")
            if file.is_file()
            else (
                "it is not there",
                "Correct `dockerfile` and `context` of its `build:`, or name the repository that "
                "has it as `source` in stack.yaml",
            )
        )
        yield Finding(
            "fault",
            env.stack.name,
            env.name,
            f"looking for {name}'s Dockerfile {recipe.dockerfile}",
            said,
            to_do,
        )


def _own_clone(env: OpenEnvironment) -> tuple[Path, frozenset[str]]:
    """The top of the clone in which the stack lies, and what git has of it; nothing where the stack
    is built from another repository."""
    folder, source = env.stack.folder.resolve(), env.stack.source
    here = adapters.repository_at(folder)
    context = Path(here.context)
    top = folder.parents[len(context.parts) - 1] if context.parts else folder
    is_own = source is not None and (
        is_one_repository(source.repository, here.address)
        or (folder / source.repository).resolve() == top
    )
    is_here = is_own and source is not None and Path(source.context) == context
    return top, here.tracked if is_here else frozenset()


def _is_in(tracked: frozenset[str], file: Path) -> bool:
    """Of a submodule git knows the folder."""
    return any(str(one) in tracked for one in (file, *file.parents))
