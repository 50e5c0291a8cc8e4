"""House rules about texts that a program can check: nothing is cut before it is masked, no pattern
has a loose end."""

from __future__ import annotations

import ast
import re

from tests.unit.source_files import called, found_in, ours, tree

# What is cut there was never somebody's text: hashes, image ids, lists, bytes that are compared.
NEVER_A_TEXT = re.compile(
    r"(?:hash|sha|commit|pin|image|hexdigest\(\)|commits|changes|findings|sorted\(variables\)|errors\(\)|newest_first\(refs\)|samples|taken\)|long_faults|"
    r"failures|arguments|argv|sys\.path|body|end \+ chunk|key=lambda .*, reverse=True\))(?:\[[-:\w]+\])?"
)
# These mask before they cut.
MAY_CUT = {f"tidegate/secrecy/{name}.py" for name in ("outside_text", "redaction", "unescaped")}
LONGEST_PREFIX = 10  # characters: a date, a mark


def cuts_in(module: ast.AST) -> list[str]:
    """Slices of a fixed length, as texts are cut by, and `textwrap`."""
    slices = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Slice)
        and (_is_fixed(node.slice.upper) or _is_fixed(node.slice.lower))
    ]
    found = [
        f"line {one.lineno}: {ast.unparse(one)}"
        for one in slices
        if not re.search(NEVER_A_TEXT.pattern + r"\Z", ast.unparse(one.value))
    ]
    return found + [
        f"line {node.lineno}: textwrap"
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module == "textwrap"
    ]


def _is_fixed(bound: ast.expr | None) -> bool:
    match bound:
        case ast.UnaryOp(operand=inner) | ast.BinOp(left=inner):
            return _is_fixed(inner)
        case ast.Constant(value=int(size)):
            return size > LONGEST_PREFIX
        case ast.Name(id=name):
            return name.isupper()
    return False


def loose_ends(module: ast.AST) -> list[str]:
    """Patterns that end in `$`, which also matches before a last line feed: `fullmatch` and `\\Z`
    do not."""
    calls = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and called(node)[0] == "re" and node.args
    ]
    return [
        f"line {call.lineno}"
        for call in calls
        if "MULTILINE" not in ast.unparse(call) and _ends_loosely(call.args[0])
    ]


def _ends_loosely(pattern: ast.expr) -> bool:
    texts = [
        node.value
        for node in ast.walk(pattern)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return any(re.search(r"(?<!\\)\$(?:\)|\||\Z)", text) for text in texts)


def test_no_text_is_cut_but_by_what_masks_it_first() -> None:
    paths = [path for path in ours() if str(path) not in MAY_CUT]
    found = found_in(paths, lambda path: cuts_in(tree(path)))
    assert found == {}, "use one_line, clean, clean_end of tidegate.secrecy.outside_text"


def test_a_cut_text_is_found() -> None:
    found = cuts_in(
        ast.parse(
            "said = text[:80]; end = text[-2000:]; plan.hash[:12]; line[:-1]; said[:_MOST - 1]"
        )
    )
    assert found == ["line 1: text[:80]", "line 1: text[-2000:]", "line 1: said[:_MOST - 1]"]
    assert cuts_in(ast.parse("from textwrap import shorten")) == ["line 1: textwrap"]


def test_no_pattern_takes_a_line_feed_for_its_end() -> None:
    assert found_in(ours(), lambda path: loose_ends(tree(path))) == {}


def test_a_loose_end_is_found() -> None:
    assert loose_ends(ast.parse("re.compile(r'^[a-z]+$')\nre.match(rf'{x}|a$|b', y)")) == [
        "line 1",
        "line 2",
    ]
    assert (
        loose_ends(
            ast.parse(
                r"re.compile(r'[a-z]+\Z'); re.compile(r'a\$'); re.compile(r'^a$', re.MULTILINE)"
            )
        )
        == []
    )
