"""The path of a route, as a stack file may have it: what the edge would never find is refused with
what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.test_route_lines import ROUTES, stack
from tidegate.errors import StackFileError


@pytest.mark.parametrize(
    "path",
    [
        "/a%20b",
        "/%61pi",
        "/a b",
        "/a?b=c",
        "/a#b",
        "/a//b",
        "/api/",
        "/a/../b",
        "/..",
        "/.",
        "/a/./b",
        "/a`b",
        "/a\\b",
        '/a"b',
        "/a[b]",
        "/a{b}",
        "/a|b",
        "/a^b",
        "/a<b>",
        "/café",
        "/商店",
        "api",
        "",
    ],
)
def test_a_path_that_the_edge_never_finds_is_refused_where_it_is_read(
    tmp_path: Path, path: str
) -> None:
    with pytest.raises(StackFileError) as refused:
        stack(tmp_path, routes=[*ROUTES, {"path": path, "service": "web"}])
    assert "routes[4].path: must be a path such as /api" in str(refused.value)
    assert "write /a: a route takes all that is below it" in str(refused.value)


@pytest.mark.parametrize("path", ["/-._~!$&'()*+,;=:@", "/.well-known", "/a..b", "/...", "/@mei"])
def test_a_path_of_other_characters_is_taken(tmp_path: Path, path: str) -> None:
    one = stack(tmp_path, routes=[*ROUTES, {"path": path, "service": "web"}])
    assert one.routes[4].path == path
