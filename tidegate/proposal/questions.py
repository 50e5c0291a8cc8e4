"""What is asked of the person who begins: only what no file says, at most five, each with what was
found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MOST = 5


@dataclass(frozen=True)
class Question:
    """`option` answers it for a script. `found` is what counts if nothing is typed; empty where
    nothing was found."""

    option: str
    text: str
    found: str = ""
    choices: tuple[str, ...] = ()


Ask = Callable[[Question], str]


@dataclass
class Answers:
    """Options come first, then files, then the person. Remembers what had to be asked."""

    given: Mapping[str, str]
    ask: Ask
    asked: list[Question] = field(default_factory=list)

    def to(self, question: Question, *, said: str = "") -> str:
        """`said` is what a file says without a doubt: then nobody is asked."""
        if answer := self.given.get(question.option) or said:
            return answer
        self.asked.append(question)
        return self.ask(question).strip()


def word_of(text: str) -> str:
    """A name as a stack may have it: `My_Shop.git` -> `my-shop`; empty where nothing is left."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower().removesuffix(".git")).strip("-")
    found = re.search(r"[a-z][a-z0-9-]{0,29}[a-z0-9]|[a-z]", plain)
    return found[0] if found else ""


def title_of(name: str) -> str:
    return " ".join(part.capitalize() for part in name.split("-"))
