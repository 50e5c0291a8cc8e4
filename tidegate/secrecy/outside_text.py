"""Texts from outside are data: cleaned where they come in, shown as what they are, and never longer
than a person reads.

Outside is whatever we did not write: commits, tags, reasons, names, alerts, logs, answers, labels,
other programs' words.
"""

from __future__ import annotations

import re

from tidegate.secrecy.redaction import redact

MOST_LINE = 500
"""Characters of one line: a reason, a subject, a name."""
MOST_TEXT = 8_000
"""Characters of a text of many lines: the end of a log, what a program said."""
MOST_PAGE = 60_000
"""Characters of one part of a page, such as the SQL of a migration."""
CUT = "…"
# colours, cursor moves, titles and links of terminals (ECMA-48): CSI, OSC and the like, others
_SEQUENCES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]{0,60}[ -/]{0,10}[@-~]|"
    "(?:\x1b[\\]P_^X]|[\x9d\x90\x9f\x9e\x98])[^\x07\x1b\x9c]{0,2000}(?:\x07|\x1b\\\\|\x9c)|"
    "\x1b[ -/]{0,10}[0-~]"
)
# half characters, which no file can hold; unseen letters
_HARMFUL = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, C1
    # unseen, or turns a line
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
_UNSEEN = re.compile(f"[{_HARMFUL}]")
_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029\x0b\x0c]")
# A `_` inside a word and a `&` before a blank mean nothing, and a page is read as text too.
_ACTIVE = re.compile(r"[\\`*\[\]<|~]|(?<=\])\(|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=[\w#])")
_AT_THE_START = re.compile(r"^(?:[#=+>-]|\d{1,9}(?=[.)]))")
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)|(?<=mailto:)|(?<=xmpp:)", re.IGNORECASE)
_JOINER = (
    "\u2060"  # has no width, and no program takes what it stands in for a link, a name or a sign
)
_CHAT = re.compile(r"(?<=\])(?=\()|(?<=@)")


def is_unsafe(text: str, lines: bool = False) -> bool:
    """Whether it holds a control character or one that nobody sees. With `lines` a tab and a line
    feed are none."""
    return _UNSEEN.search(text) is not None or (
        not lines and re.search(r"[\t\n]", text) is not None
    )


def clean(text: str, most: int = MOST_TEXT) -> str:
    """A text of many lines as data: no escape sequence, nothing unseen, no secret, at most `most`
    characters."""
    return shortened(_readable(text), most)


def clean_end(text: str, most: int = MOST_TEXT) -> str:
    """The same of a log, of which the end matters."""
    return ending(_readable(text), most)


def one_line(text: str, most: int = MOST_LINE) -> str:
    """The same as one line: every run of blanks is one."""
    return shortened(" ".join(_readable(text).split()), most)


def shortened(text: str, most: int) -> str:
    """The beginning, with a mark where the rest was. Secrets are masked before: a cut one would not
    be found."""
    masked = redact(text)
    return masked if len(masked) <= most else masked[: max(most - len(CUT), 0)] + CUT


def ending(text: str, most: int) -> str:
    """The end of it, with a mark where the beginning was. Secrets are masked before."""
    masked = redact(text)
    return masked if len(masked) <= most else CUT + masked[len(masked) - max(most - len(CUT), 0) :]


def last_lines(text: str, most: int) -> list[str]:
    """The last lines that are not empty. Secrets are masked before: they may go over lines."""
    lines = [line for line in redact(text).splitlines() if line.strip()]
    return lines[max(len(lines) - most, 0) :]


def markdown_text(text: str, most: int = MOST_LINE) -> str:
    """One line of data inside a page of Markdown: it makes no link, picture, heading, table, list
    or HTML."""
    escaped = _ACTIVE.sub(r"\\\g<0>", one_line(text, most))
    return _LINKS.sub(_JOINER, _AT_THE_START.sub(rf"{_JOINER}\g<0>", escaped))


def code(text: str, most: int = MOST_LINE) -> str:
    """One line of data as code inside a page of Markdown."""
    return f"`{one_line(text, most).replace('`', 'ˋ').replace('|', '¦') or ' '}`"


def code_block(text: str, language: str = "", most: int = MOST_PAGE) -> str:
    """Lines of data as a block of code: nothing in them ends it."""
    return (
        f"```{language}\n"
        f"{clean(text, most).strip().replace('```', 'ˋˋˋ').replace('~~~', '˜˜˜')}\n```"
    )


def chat_text(text: str) -> str:
    """For a chat that reads Slack's or Mattermost's marks: no mention, no link under other words.
    Line breaks stay."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CHAT.sub(_JOINER, escaped)


def _readable(text: str) -> str:
    return _UNSEEN.sub(_shown, _BREAKS.sub("\n", _SEQUENCES.sub("", text)))


def _shown(unseen: re.Match[str]) -> str:
    """What nobody sees, made visible: a control character by its picture, anything else by the mark
    of what is no text."""
    number = ord(unseen[0])
    return chr(0x2400 + number) if number < 0x20 else "␡" if number == 0x7F else "\ufffd"
