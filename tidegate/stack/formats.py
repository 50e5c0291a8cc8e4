"""The formats of texts in a stack file. Each is matched from its first to its last character, and
holds no control character."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from tidegate.secrecy.outside_text import is_unsafe

CREDENTIAL = "credential"
"""The kind of a fault whose input is not shown."""
MOST_SECONDS = 24 * 3600
MOST_WAIT_SECONDS = 3600
"""Of one wait of a step: for a drain, a grace or a start (`tasks/frame/limits.py`)."""
MOST_WATCH_SECONDS = 4 * 3600
MOST_HOURS = 24 * 90
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_WORD = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REGISTRY = (
    r"(?:(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:))(?::[0-9]{1,5})?/)?"
)
_URL = re.compile(
    r"([a-z][a-z0-9+.-]*)://(?:([^/@?#\s]*)@)?[A-Za-z0-9.\[\]:_-]*(/[^?#\s]*)?", re.IGNORECASE
)
_SCP = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:(?!:)[^?#\s]*")
_SCHEMES = ("https", "http", "ssh", "git", "file")


class Part(BaseModel):
    """A part of the stack file: unknown keys are refused, nothing can be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _check(pattern: str, must_be: str, most: int, lines: bool) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if len(text) > most or not compiled.fullmatch(text) or is_unsafe(text, lines):
            raise ValueError(f"must be {must_be}")
        return text

    return check


def _format(
    pattern: str, must_be: str, most: int = 255, *, lines: bool = False
) -> tuple[AfterValidator, Any]:
    """For pydantic, and for the schema that editors read. Only with `lines` there may be more than
    one."""
    schema: dict[str, Any] = {"pattern": f"^(?:{pattern})$", "maxLength": most}
    return AfterValidator(_check(pattern, must_be, most, lines)), Field(json_schema_extra=schema)


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):  # OSError: a folder of zones, such as Europe
        raise ValueError("must be a time zone such as Asia/Tokyo") from None
    return name


def _inside(path: str) -> str:
    """A path that stays in its folder, as it is written."""
    if any(part == ".." for part in path.split("/")):
        raise ValueError("must stay inside its folder: no `..`")
    return path


def _branch(name: str) -> str:
    """git-check-ref-format(1)."""
    wrong = [
        part
        for part in name.split("/")
        if not part or part.startswith((".", "-")) or part.endswith((".", ".lock"))
    ]
    if wrong or ".." in name or "@{" in name:
        raise ValueError("must be a branch as git allows it")
    return name


def repository_fault(repository: str) -> str | None:
    """Why git is not given this address. A credential in it would stand in labels, logs and
    processes."""
    if not repository.strip() or len(repository) > 1000 or is_unsafe(repository):
        return "must be a git URL or a path, on one line"
    if repository.startswith("-") or "::" in repository:
        return "must be a git URL or a path, and no option or helper of git"
    if "://" not in repository:
        return (
            None
            if _SCP.fullmatch(repository) or not re.match(r"[^/]*@[^/]*:", repository)
            else "must be a git URL or a path"
        )
    found = _URL.fullmatch(repository)
    if found and found[1].lower() not in _SCHEMES:
        return f"must begin with one of {', '.join(_SCHEMES)}"
    ssh = found and found[1].lower() == "ssh"
    if not found or (found[2] is not None and (not ssh or ":" in found[2])):
        return (
            "holds a credential or a query: take it out, and give the worker an SSH key "
            "or a git credential helper"
        )
    return None


def _repository(repository: str) -> str:
    if fault := repository_fault(repository):
        raise PydanticCustomError(CREDENTIAL, "{fault}", {"fault": fault})
    return repository


Line = Annotated[str, *_format(r".*", "one line without control characters", 500)]
Title = Annotated[str, *_format(r"\S.*", "one line that begins with a letter", 100)]
Marker = Annotated[str, *_format(r"[\s\S]+", "a text without control characters", 2000, lines=True)]
Name = Annotated[
    str,
    *_format(
        r"[a-z][a-z0-9-]{0,30}",
        "lower-case letters, digits and `-`, at most 31, a letter first",
        31,
    ),
]
ServiceName = Annotated[
    str,
    *_format(
        r"[A-Za-z0-9][A-Za-z0-9_.-]*",
        "a service's name as compose allows it: letters, digits, `_`, `.` and `-`",
        63,
    ),
]
# It stands in names of containers, networks, files and hosts before a deployment's number, so no
# part of it is a number.
EnvironmentName = Annotated[
    str,
    *_format(
        r"[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*",
        "at most 20 lower-case letters and digits, in parts joined by `-` "
        "that each begin with a letter",
        20,
    ),
]
EnvKey = Annotated[
    str,
    *_format(r"[A-Za-z_][A-Za-z0-9_.-]*", "a name of letters, digits, `_`, `.` and `-`"),
]
Domain = Annotated[str, *_format(rf"(?:\*\.(?=.*\.))?(?:{_LABEL}\.)*{_LABEL}", "a host name", 253)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
UrlPath = Annotated[
    str,
    *_format(
        r"/(?:[^\s/\"#<>\\^`{|}][^\s\"#<>\\^`{|}]*)?",
        "a path such as /ready: one `/` first, no blank, no `#`",
        1000,
    ),
]
DoorPath = Annotated[
    str,
    *_format(
        r"/|(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)+",
        "a path such as /api: one `/` before each part and none at its end, no part `.` or `..`, "
        "only letters, digits and -._~!$&'()*+,;=:@ (of a path with others, such as /a/b%20c, "
        "write /a: a route takes all that is below it)",
        200,
    ),
]
ImageName = Annotated[
    str,
    *_format(
        rf"{_REGISTRY}{_WORD}(?:/{_WORD})*",
        "an image repository in lower case without tag, such as acme/shop",
    ),
]
ImageRef = Annotated[
    str,
    *_format(
        rf"{_REGISTRY}{_WORD}(?:/{_WORD})*(?::[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}}|"
        r"@sha256:[0-9a-f]{64})",
        "an image with its tag, such as postgres:16",
        500,
    ),
]
ImageTag = Annotated[str, *_format(r"[A-Za-z0-9_][A-Za-z0-9._-]*", "an image tag", 128)]
NetworkName = Annotated[
    str,
    *_format(r"[A-Za-z0-9][A-Za-z0-9_.-]*", "a network as `docker network ls` shows it", 128),
]
NetworkAlias = Annotated[
    str,
    *_format(
        r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?",
        "one word in lower case, without a dot, as containers call it: such as ocr-service",
        63,
    ),
]
VolumeName = Annotated[str, *_format(r"[A-Za-z0-9][A-Za-z0-9_.-]*", "a volume's name")]
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
HostAddress = Annotated[
    str,
    *_format(
        rf"{_OCTET}(?:\.{_OCTET}){{3}}",
        "an IPv4 address of the host, as the compose file says it: such as 127.0.0.1",
        15,
    ),
]
ComposeProject = Annotated[
    str, *_format(r"[a-z0-9][a-z0-9_-]*", "a compose project as `docker compose ls` shows it", 100)
]
BlockName = Annotated[
    str, *_format(r"[a-z0-9][a-z0-9-]*", "a block's name: lower-case letters, digits and `-`")
]
RelativePath = Annotated[
    str,
    *_format(r"[^/\\~\s-][^\\:]*", "a path inside its folder, such as compose.yaml"),
    AfterValidator(_inside),
]
FolderBeside = Annotated[
    str,
    *_format(r"[^/\\~\s-][^\\:]*", "a path from the stack file's folder, such as ../shop-frontend"),
]
MountPath = Annotated[
    str,
    *_format(
        r"(?:\./|/)?[^\\:~\s./-][^\\:]*|(?:\./|/)?\.[^\\:./][^\\:]*",
        "a path as the compose files name it, such as ./media",
    ),
    AfterValidator(_inside),
]
ImagePath = Annotated[
    str, *_format(r"/[^\\:]*", "an absolute path inside the image"), AfterValidator(_inside)
]
DatabasePattern = Annotated[
    str,
    *_format(
        r"(?:[A-Za-z0-9_.-]|\$\{[A-Za-z_][A-Za-z0-9_]*\})*[*?]"
        r"(?:[A-Za-z0-9_.*?-]|\$\{[A-Za-z_][A-Za-z0-9_]*\})*",
        "a pattern such as `ten_*`: letters, digits, `_`, `.`, `-` and `${NAME}`, "
        "with `*` or `?` in it",
        100,
    ),
]
SqlQuestion = Annotated[
    str,
    *_format(
        r"[Ss][Ee][Ll][Ee][Cc][Tt]\s[^;\\]+",
        "one SELECT of SQL, without `;` and `\\`",
        2000,
        lines=True,
    ),
]
Branch = Annotated[
    str,
    *_format(r"[^\s~^:?*\[\\-][^\s~^:?*\[\\]*", "a branch as git allows it"),
    AfterValidator(_branch),
]
Repository = Annotated[str, AfterValidator(_repository)]
