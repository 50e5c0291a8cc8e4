"""The site that `make docs` builds: its pages, where links lead on them, and what is looked at when it
is built. Nothing is built here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import markdown
import pytest
import yaml
from markdown_it import MarkdownIt

from setup import docs_pages, docs_proof
from setup.places import ROOT
from setup.step import SetupError
from tests.unit.documents import PAGES, text

SITE = dict(docs_pages.pages())


class Settings(yaml.SafeLoader):
    """Reads mkdocs.yml without making what its tags name."""


Settings.add_multi_constructor("", lambda loader, tag, node: tag)


def settings() -> dict[str, Any]:
    return dict(yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Settings))


def files_in(navigation: list[Any]) -> Iterator[str]:
    for entry in navigation:
        for target in entry.values():
            yield from [target] if isinstance(target, str) else files_in(target)


# --- pages ---


def test_every_page_stands_in_the_navigation_once() -> None:
    assert sorted(files_in(settings()["nav"])) == sorted(SITE)


def test_the_settings_name_nothing_of_another_server() -> None:
    assert settings()["theme"]["font"] is False
    assert "://" not in (ROOT / "mkdocs.yml").read_text()
    assert "://" not in (ROOT / "docs" / "site" / "style.css").read_text()


@pytest.mark.parametrize("name", SITE)
def test_every_link_of_a_page_leads_to_a_page_or_a_picture(name: str) -> None:
    targets = [found[3].partition("#")[0] for found in docs_pages.LINK.finditer(SITE[name])]
    ours = {target for target in targets if target and "://" not in target}
    assert {one for one in ours if one not in SITE and not (ROOT / "docs" / one).is_file()} == set()


# --- links ---


def test_a_link_to_a_page_leads_to_it_wherever_it_stands() -> None:
    assert (
        docs_pages.page("README.md", "[a](docs/flows.md#rollback) ![b](docs/images/run.png)")
        == "[a](flows.md#rollback) ![b](images/run.png)"
    )
    assert docs_pages.page("docs/index.md", "[c](../CHANGELOG.md)") == "[c](changes.md)"


def test_a_link_to_what_the_site_does_not_have_becomes_its_name() -> None:
    assert docs_pages.page("README.md", "[`flows/`](flows), [ten](examples/seeds/README.md)") == (
        "`flows/`, ten (`examples/seeds/README.md`)"
    )


def test_other_addresses_anchors_and_code_stay() -> None:
    stays = "[a](https://example.com) [b](#limits)\n```\n[`flows/`](flows)\n```\n"
    assert docs_pages.page("README.md", stays) == stays


def test_a_line_that_ends_in_chinese_is_joined_with_the_next_and_no_other_is() -> None:
    assert docs_pages.page("README.md", "请不要外传，\n  也不要输入\nShop\n\n然后") == (
        "请不要外传，也不要输入\nShop\n\n然后"
    )


@pytest.mark.parametrize("content", ["# Twice\n## Once\n## Twice\n", "# One\n# One\n# One-1\n"])
def test_a_repeated_heading_has_the_anchor_that_github_gives_it(content: str) -> None:
    html = markdown.markdown(docs_pages.page("README.md", content), extensions=["toc", "attr_list"])
    assert re.findall(r'<h\d id="([^"]+)"', html) == docs_pages.anchors(content)


@pytest.mark.parametrize("link", ["[a](nothing.md)", "![a](flows)"])
def test_a_link_that_leads_nowhere_ends_the_build(link: str) -> None:
    with pytest.raises(SetupError, match=r"README\.md links to .*Correct the link"):
        docs_pages.page("README.md", link)


# --- what was built ---


def built(folder: Path, **pages: str) -> Path:
    for name, content in pages.items():
        (folder / f"{name}.html").write_text(content, encoding="utf-8")
    (folder / "style.css").write_text("")
    return folder


def test_a_site_whose_links_lead_somewhere_has_no_faults(tmp_path: Path) -> None:
    site = built(
        tmp_path,
        a='<link href="style.css"><a href="b.html#回滚">b</a><a href="#top" id="top">up</a>',
        b='<h2 id="回滚">b</h2><a href="https://example.com">elsewhere</a><a href="a.html">a</a>',
    )
    assert docs_proof.faults(site) == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('<script src="https://example.com/x.js"></script>', "fetches https://example.com/x.js"),
        ('<link href="//example.com/font">', "fetches //example.com/font"),
        ('<img src="images/gone.png">', "fetches images/gone.png"),
        ('<a href="gone.html">x</a>', "links to gone.html"),
        ('<a href="a.html#gone">x</a>', "links to a.html#gone"),
        ('<a href="../outside.html">x</a>', "links to ../outside.html"),
        ('<a href="file:///etc/hosts">x</a>', "links to file:///etc/hosts"),
    ],
)
def test_what_leads_nowhere_or_to_another_server_is_named(
    tmp_path: Path, content: str, fault: str
) -> None:
    (tmp_path / "outside.html").write_text("")
    (tmp_path / "site").mkdir()
    assert docs_proof.faults(built(tmp_path / "site", a=content)) == [f"a.html {fault}"]


# --- read alike ---


def shape(html: str) -> dict[str, int]:
    return {
        tag: len(re.findall(rf"<{tag}[ >]", html))
        for tag in ("h1", "h2", "h3", "ol", "ul", "li", "table", "tr", "td", "pre", "img", "a")
    }


def as_on_github(content: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(content))


def as_on_the_site(content: str) -> str:
    return str(markdown.markdown(content, extensions=["tables", "fenced_code", "sane_lists"]))


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("examples/")])
def test_a_page_reads_alike_on_github_and_on_the_site(page: str) -> None:
    assert shape(as_on_the_site(text(page))) == shape(as_on_github(text(page)))


def test_a_list_that_only_github_sees_is_found() -> None:
    content = "These:\n- one\n- two\n"
    assert shape(as_on_github(content))["li"] == 2
    assert shape(as_on_the_site(content))["li"] == 0
