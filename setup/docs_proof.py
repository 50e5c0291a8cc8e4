"""Looks at a site that was built: every link leads somewhere, and no page asks another server for
anything."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself when it shows a page.
FETCHED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src")}
IN_STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')]+)")


class Page(HTMLParser):
    """Its anchors, and the addresses in it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.fetched: set[str] = set()
        self.followed: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if not value:
                continue
            if key == "id":
                self.anchors.add(value)
            elif (tag, key) in FETCHED:
                self.fetched.add(value)
            elif (tag, key) == ("a", "href"):
                self.followed.add(value)


class Site:
    """All files below a folder, and what its pages say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.files = {file for file in self.folder.rglob("*") if file.is_file()}
        self.pages = {file: Page(file) for file in sorted(self.files) if file.suffix == ".html"}

    def has(self, file: Path, address: str) -> bool:
        """Whether what a page at `file` calls so is a file of the site, with that anchor."""
        parts = urlsplit(address)
        path = unquote(parts.path)
        start = self.folder if path.startswith("/") else file.parent
        target = (start / path.lstrip("/")).resolve() if path else file
        anchor = unquote(parts.fragment)
        is_there = not anchor or target not in self.pages or anchor in self.pages[target].anchors
        return not parts.scheme and not parts.netloc and target in self.files and is_there


def faults(folder: Path) -> list[str]:
    """One sentence each, in the order of the pages."""
    site = Site(folder)
    found = []
    for file, page in site.pages.items():
        fetched = [one for one in sorted(page.fetched) if not site.has(file, one)]
        followed = [one for one in sorted(page.followed) if not _leads(site, file, one)]
        found += [f"{file.name} fetches {address}" for address in fetched]
        found += [f"{file.name} links to {address}" for address in followed]
    for file in sorted(site.files):
        if file.suffix == ".css":
            asked = IN_STYLE.findall(file.read_text(encoding="utf-8"))
            found += [f"{file.name} fetches {address}" for address in asked]
    return found


def _leads(site: Site, file: Path, address: str) -> bool:
    return urlsplit(address).scheme in ("https", "http", "mailto") or site.has(file, address)
