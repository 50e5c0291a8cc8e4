"""`tidegate docs`: the pages of docs/, as they belong to the version that is installed."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from tidegate.errors import InputError

PAGES = Path(__file__).with_name("pages")


def show(page: str | None, console: Console) -> None:
    """One page, as Markdown where the output is no terminal; without a name, which there are.
    Raises InputError."""
    titles = {
        file.stem: file.read_text().partition("\n")[0].lstrip("# ")
        for file in sorted(PAGES.glob("*.md"))
    }
    if page is None:
        for name, title in titles.items():
            console.print(
                f"tidegate docs {name:<22} {title}", markup=False, highlight=False, soft_wrap=True
            )
    elif page not in titles:
        raise InputError(
            f"showing the page {page!r}",
            "there is none of that name",
            f"Name one of {', '.join(titles)}",
        )
    else:
        said = (PAGES / f"{page}.md").read_text()
        console.print(
            Markdown(said) if console.is_terminal else Text(said), soft_wrap=not console.is_terminal
        )
