"""The pages of the documentation as a site: which file of the repository each one is made of, and
where its links lead there.

On GitHub a link may lead to any file of the repository. The site holds pages and their pictures
alone, and nobody knows at which address the repository lies. So a link to a page leads to that
page, and one to anything else becomes the file's name.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from setup.places import ROOT
from setup.step import SetupError

FOLDER = "docs"
# What lies outside of docs/ and is a page all the same: its name on the site.
ALSO = {
    "README.md": "overview.md",
    "README.zh-CN.md": "overview.zh-CN.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
}
# Chinese has no blanks, and a browser makes one of the end of a line.
CHINESE = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”]"
LINE_BETWEEN = re.compile(rf"(?<={CHINESE})\n *(?={CHINESE})")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def pages() -> Iterator[tuple[str, str]]:
    """Name on the site and its text, of every page."""
    for file in sorted([*(ROOT / FOLDER).glob("*.md"), *(ROOT / name for name in ALSO)]):
        source = file.relative_to(ROOT).as_posix()
        yield name_on_site(source) or "", page(source, file.read_text(encoding="utf-8"))


def name_on_site(source: str) -> str | None:
    """Of a file such as `docs/flows.md`; None where the site does not have it."""
    if source in ALSO:
        return ALSO[source]
    is_there = source.startswith(f"{FOLDER}/") and (ROOT / source).is_file()
    return source.removeprefix(f"{FOLDER}/") if is_there else None


def page(source: str, text: str) -> str:
    """The text with its links as they lead on the site. In a block of code there are none.

    Raises SetupError where one leads nowhere.
    """
    names = iter(anchors(text))
    return "".join(
        part if part.startswith("```") else _as_on_site(source, part, names)
        for part in CODE.split(text)
    )


def anchors(text: str) -> list[str]:
    """Of each heading, as GitHub makes them: lower case, no punctuation, hyphens for spaces; a
    heading that was there before gets a number."""
    times: dict[str, int] = {}
    for heading in HEADING.findall(CODE.sub("", text)):
        first = name = _anchor(heading)
        while name in times:
            times[first] += 1
            name = f"{first}-{times[first]}"
        times[name] = 0
    return list(times)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _as_on_site(source: str, text: str, names: Iterator[str]) -> str:
    numbered = HEADING.sub(lambda heading: _numbered(heading, next(names)), text)
    return LINK.sub(lambda link: _moved(source, link), LINE_BETWEEN.sub("", numbered))


def _numbered(heading: re.Match[str], name: str) -> str:
    """The site's builder would give a repeated heading another number."""
    return heading[0] if name == _anchor(heading[1]) else f"{heading[0]} {{#{name}}}"


def _moved(source: str, link: re.Match[str]) -> str:
    mark, label, target = link.groups()
    path, hash_sign, anchor = target.partition("#")
    if "://" in target or not path:
        return link[0]
    file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if name := name_on_site(file):
        return f"{mark}[{label}]({name}{hash_sign}{anchor})"
    if mark or not Path(ROOT, file).exists():
        raise SetupError(f"{source} links to {target}: there is no such file. Correct the link")
    return label if label.strip("`/") == file else f"{label} (`{file}`)"
