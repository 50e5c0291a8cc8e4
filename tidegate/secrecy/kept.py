"""What an installation keeps to itself: private folders and files, and secrets made once.

A secret that is empty or short, or that somebody else can read, proves nothing: it is refused.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.errors import InputError

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
OTHERS = 0o077
LEAST_TOKEN_BYTES = 32
REMOVE = "Remove it: `tidegate run` makes a new one"


def kept_secret(file: Path, fresh: bytes, least_bytes: int) -> bytes:
    """What `file` holds; `fresh` where there is none yet. Raises InputError when it is no secret.

    A new file is there whole or not at all, and of two processes the first one's stays.
    """
    with _readable(file):
        if not file.exists():
            private_folder(file.parent)
            _put(file, fresh)
        _refuse_known_to_others(file)
        secret = file.read_bytes()
    if len(secret.strip()) < least_bytes:
        raise _refused(
            file,
            f"it holds {len(secret.strip())} bytes, and at least {least_bytes} make a secret",
            REMOVE,
        )
    return secret


def kept_token(file: Path, fresh: str, pattern: str) -> str:
    """The same for what is sent in a header: the line in `file`, which must match `pattern`."""
    token = kept_secret(file, fresh.encode(), LEAST_TOKEN_BYTES).decode(errors="replace").strip()
    if not re.fullmatch(pattern, token):
        raise _refused(file, f"it is not of the form {pattern}", REMOVE)
    return token


def private_folder(folder: Path) -> None:
    """Make it, or narrow it: nobody else can list it or reach anything below it."""
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    _narrow(folder)


def narrow_files(folder: Path) -> None:
    """Narrow a folder that was made before it was private, and the files that stand in it."""
    if folder.is_dir():
        _narrow(folder)
        for file in folder.iterdir():
            if not file.is_symlink() and not file.is_dir():
                _narrow(file)


@dataclass
class _Umask:
    """The process has one for all its threads: the first that narrows it knows what it was, the
    last puts it back."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    inside: int = 0
    before: int = 0


_UMASK = _Umask()


@contextlib.contextmanager
def private_umask() -> Iterator[None]:
    """What is made inside, by this process and by those that it starts, is this user's alone."""
    with _UMASK.lock:
        if _UMASK.inside == 0:
            _UMASK.before = os.umask(OTHERS)
        _UMASK.inside += 1
    try:
        yield
    finally:
        with _UMASK.lock:
            _UMASK.inside -= 1
            if _UMASK.inside == 0:
                os.umask(_UMASK.before)


def _put(file: Path, secret: bytes) -> None:
    draft = file.with_suffix(f".{os.getpid()}")
    draft.touch(mode=PRIVATE_FILE)
    draft.write_bytes(secret)
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()


def _narrow(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # a process of ours removed it meanwhile
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & OTHERS:
            path.chmod(mode & ~OTHERS)


def _refuse_known_to_others(file: Path) -> None:
    found = file.stat()
    if found.st_mode & OTHERS:
        raise _refused(
            file,
            f"others may read or change it (mode {stat.S_IMODE(found.st_mode):o})",
            f"{REMOVE}; or `chmod 600 {file}` if nobody else has read it",
        )
    if found.st_uid not in (os.geteuid(), 0):
        raise _refused(file, f"it belongs to the user {found.st_uid}", REMOVE)


@contextlib.contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _refused(
            file, str(error.strerror), "Run it as the user who ran `tidegate run`"
        ) from None


def _refused(file: Path, why: str, to_do: str) -> InputError:
    return InputError(f"reading the secret in {file}", why, to_do)
