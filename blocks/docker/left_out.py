"""What a build is given and git keeps elsewhere: folders of submodules, and files of Git LFS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from docker.utils.build import exclude_paths

from tidegate.errors import ImageError
from tidegate.stack.recipes import Recipe


def refuse_left_out(
    recipe: Recipe, exported: Path, elsewhere: Mapping[str, str], doing: str
) -> None:
    """Raises ImageError for a path of `elsewhere` (path -> what it is) that the build would get.

    What `.dockerignore` keeps from the build does no harm.
    """
    given = sorted(
        {
            path
            for folder in recipe.folders()
            for path in _within(folder, recipe, exported, elsewhere)
        }
    )
    if given:
        raise ImageError(
            doing,
            "; ".join(f"{path} is {elsewhere[path]}" for path in given),
            "Commit the content itself, or keep it from the build by `.dockerignore`",
        )


def _within(
    folder: str, recipe: Recipe, exported: Path, elsewhere: Mapping[str, str]
) -> Iterable[str]:
    root = exported / folder
    inside = {
        str((exported / path).relative_to(root)): path
        for path in elsewhere
        if (exported / path).is_relative_to(root)
    }
    if not inside:
        return ()
    allowed = exclude_paths(
        str(root), _ignored(root, exported / (recipe.dockerfile or "Dockerfile"))
    )
    return [path for name, path in inside.items() if name in allowed]


def _ignored(root: Path, dockerfile: Path) -> list[str]:
    """Lines of the `.dockerignore` that BuildKit reads: the Dockerfile's own before the
    folder's."""
    for file in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), root / ".dockerignore"):
        if file.is_file():
            return [
                line.strip()
                for line in file.read_text(errors="replace").splitlines()
                if line.strip() and not line.startswith("#")
            ]
    return []
