"""The Prefect profile of this installation: a plain `prefect` finds the server and is let in."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import toml
from pydantic import SecretStr

from tidegate.errors import InputError
from tidegate.secrecy.kept import private_umask

NAME = "tidegate"


def write_profile(file: Path, api_url: str, secret: SecretStr) -> None:
    """Have our profile in `file`, mode 0600.

    Profiles that a person has made there stay, and one that was chosen instead stays chosen.
    Raises InputError when the file is none of Prefect's.
    """
    found = _read(file)
    profiles = found.setdefault("profiles", {})
    if not isinstance(profiles, dict):
        raise _unreadable(file, "`profiles` is no table")
    profiles[NAME] = {
        "PREFECT_API_URL": api_url,
        "PREFECT_API_AUTH_STRING": secret.get_secret_value(),
    }
    if found.get("active") not in profiles:
        found["active"] = NAME
    _replace(file, toml.dumps(found))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise _unreadable(file, str(error)) from None


def _unreadable(file: Path, why: str) -> InputError:
    return InputError(
        f"reading Prefect's profiles in {file}",
        why,
        "Correct it, or remove it: `tidegate run` writes it anew",
    )


def _replace(file: Path, text: str) -> None:
    draft = file.with_suffix(f".{os.getpid()}")
    with private_umask():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
    draft.replace(file)
