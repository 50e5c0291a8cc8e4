"""The small faults that can be made in code."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.plugins import get_operator, operator_names

from bench.mutants.left_out import why_left_out
from bench.mutants.mutant import Mutant
from bench.mutants.redundant import is_redundant

REDUNDANT = "an operator where another that is tried in its place says as much"


def found_mutants(
    folder: Path, folders: tuple[str, ...], *, every_operator: bool = False
) -> tuple[list[Mutant], Counter[str]]:
    """All that can be made of the files in `folders` below `folder`, and how many of each kind were
    left out. `every_operator`: also those of which another says as much."""
    kept, left_out = list[Mutant](), Counter[str]()
    for file in sorted(file for one in folders for file in (folder / one).rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        module, lines = ast.parse(text), text.splitlines()
        for mutant, column in _made_of(file.relative_to(folder), text):
            place = mutant.line, len(lines[mutant.line - 1][:column].encode())
            if why := why_left_out(mutant.operator, module, place):
                left_out[why] += 1
            elif not every_operator and is_redundant(mutant.operator, module, place):
                left_out[REDUNDANT] += 1
            else:
                kept.append(mutant)
    return kept, left_out


def _made_of(file: Path, text: str) -> Iterator[tuple[Mutant, int]]:
    """Each with the column where it is."""
    nodes = list(ast_nodes(get_ast(text)))
    for name in operator_names():
        made = get_operator(name)
        if made.arguments() or name == "core/NoOp":
            continue
        operator = made()
        places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, (line, column) in enumerate(places):
            yield Mutant(file, name, occurrence, line), column
