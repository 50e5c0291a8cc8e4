"""All stacks of a folder, the good and the faulty apart: whoever goes through stacks does it here.

A folder owns its name: a stack whose file takes the name of another folder is faulty, whatever that
other folder holds. So a copy that somebody forgot to rename stops nobody but itself.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tidegate.each import Fault, each
from tidegate.errors import StackFileError
from tidegate.stack.file import Stack, load_stack

STACK_FILE = "stack.yaml"


@dataclass(frozen=True)
class Catalogue:
    """Every stack of a folder. A faulty one is named by its folder, and an alias that two stacks
    claim by itself."""

    good: tuple[Stack, ...]
    faulty: tuple[Fault, ...]

    def find(self, wanted: str) -> Stack:
        """The stack named or aliased `wanted`. Raises StackFileError: its own faults, or what there
        is."""
        found = [stack for stack in self.good if stack.name == wanted]
        if not found and (fault := next((one for one in self.faulty if one.name == wanted), None)):
            raise fault.error
        found += [stack for stack in self.good if wanted in stack.aliases]
        if found:
            return found[0]
        known = [stack.name for stack in self.good] + [
            f"{one.name}, which has faults" for one in self.faulty
        ]
        raise StackFileError(
            f"looking for the stack {wanted!r}",
            f"there is none (known: {', '.join(sorted(known)) or 'none'})",
            "Use one of the known names"
            if known
            else "`tidegate init FOLDER` writes a stack file for the application in FOLDER",
        )

    @property
    def places(self) -> dict[str, tuple[Stack, str]]:
        """Every environment of every stack, by the name that it has on the engine: `shop-prod`."""
        return {
            f"{stack.name}-{name}": (stack, name)
            for stack in self.good
            for name in stack.environments
        }

    @property
    def base_projects(self) -> set[str]:
        """The compose projects in which the data of all environments are."""
        return set().union(*map(_bases, self.good))

    @property
    def names(self) -> list[str]:
        """Every name and alias a person may type. A faulty one is among them: who asks for it is
        told what is wrong."""
        named = [name for stack in self.good for name in (stack.name, *stack.aliases)]
        return list(dict.fromkeys([*named, *(one.name for one in self.faulty)]))


def every_stack(stacks: Path) -> Catalogue:
    """Read them all. Raises nothing: what cannot be read is among the faulty."""
    listed = each(
        {stacks.name: stacks}, lambda folder: dict(_folders(folder)), "listing the stacks in"
    )
    folders = {name: folder for found in listed.good.values() for name, folder in found.items()}
    loaded = each(folders, load_stack, "reading the stack")
    owners = Counter(stack.name for stack in loaded.good.values())
    named = each(
        loaded.good, lambda stack: _own(stack, loaded.good, folders, owners), "naming the stack"
    )
    apart = each(
        named.good,
        lambda stack: _with_own_places(stack, named.good.values()),
        "naming the environments of",
    )
    good = tuple(apart.good.values())
    return Catalogue(
        good, (*listed.faulty, *loaded.faulty, *named.faulty, *apart.faulty, *_shared_aliases(good))
    )


def find_stack(stacks: Path, wanted: str) -> Stack:
    """The stack named or aliased `wanted` under `stacks/`. Raises StackFileError."""
    return every_stack(stacks).find(wanted)


def language_of(stacks: Path, wanted: str | None) -> str:
    """In which language people read of a stack; English where it is not known."""
    try:
        return find_stack(stacks, wanted).language if wanted else "en"
    except StackFileError:
        return "en"


def _folders(stacks: Path) -> Iterator[tuple[str, Path]]:
    """Each name under `stacks` that has a stack file, or may have one.

    A stack file of any kind counts, and so does a link that leads nowhere: `load_stack` then says
    what is wrong. An application's own repository has one beside its compose files: then `stacks`
    is that stack's folder.
    """
    if os.path.lexists(stacks / STACK_FILE):
        yield stacks.name, stacks
        return
    try:
        there = sorted(stacks.iterdir())
    except OSError as error:
        raise StackFileError(
            f"listing the stacks in {stacks.name}",
            f"it cannot be read ({error.strerror})",
            "Make it a folder that Tidegate may read, or set TIDEGATE_STACKS",
        ) from None
    for folder in there:
        if folder.name.startswith("."):
            continue
        try:
            (folder / STACK_FILE).lstat()
        except (FileNotFoundError, NotADirectoryError):
            if folder.exists() or not folder.is_symlink():
                continue
        except OSError:
            pass  # `load_stack` says what is wrong with it
        yield folder.name, folder


def _own(
    stack: Stack, loaded: Mapping[str, Stack], folders: Collection[str], owners: Mapping[str, int]
) -> Stack:
    """The stack, where its name is its own. Raises StackFileError."""
    mine = next(name for name, one in loaded.items() if one is stack)
    if stack.name != mine and (stack.name in folders or owners[stack.name] > 1):
        others = [name for name, one in loaded.items() if one.name == stack.name and name != mine]
        owner = stack.name if stack.name in folders else ", ".join(others)
        raise StackFileError(
            f"reading {mine}/{STACK_FILE}",
            f"name: {stack.name!r} belongs to the folder {owner}",
            "Give each stack a name of its own: that of its folder",
        )
    return stack


def _with_own_places(stack: Stack, others: Iterable[Stack]) -> Stack:
    """The stack, where no environment's containers are named as those of a stack with a shorter
    name, and no data of its own are those of another stack. Raises StackFileError.

    `shop-prod eu` and `shop prod-eu` are both `shop-prod-eu` on the engine.
    """
    for other in (one for one in others if one is not stack):
        if len(other.name) < len(stack.name) and (taken := _projects(stack) & _projects(other)):
            raise StackFileError(
                f"reading {stack.name}/{STACK_FILE}",
                f"{min(taken)} is what an environment of {other.name} is called on the engine",
                "Give the stack or the environment another name",
            )
        if taken := _chosen_bases(stack) & (_projects(other) | _bases(other)):
            raise StackFileError(
                f"reading {stack.name}/{STACK_FILE}",
                f"base_project: {min(taken)} holds the data of {other.name}",
                "Write the compose project in which the data of this stack are",
            )
    return stack


def _projects(stack: Stack) -> set[str]:
    return {f"{stack.name}-{name}" for name in stack.environments}


def _bases(stack: Stack) -> set[str]:
    return {stack.base_project(name) for name in stack.environments}


def _chosen_bases(stack: Stack) -> set[str]:
    return _bases(stack) - _projects(stack)


def _shared_aliases(good: Collection[Stack]) -> Iterator[Fault]:
    """An alias that means two stacks means none; each is still served by its name."""
    names = {stack.name for stack in good}
    claimed = Counter(alias for stack in good for alias in set(stack.aliases) - {stack.name})
    for alias, times in sorted(claimed.items()):
        if times > 1 or alias in names:
            claims = [stack.name for stack in good if alias in (stack.name, *stack.aliases)]
            yield Fault(
                alias,
                StackFileError(
                    f"looking for the stack {alias!r}",
                    f"it means {' and '.join(claims)}",
                    "Use a name, and take the alias out of one stack.yaml",
                ),
            )
