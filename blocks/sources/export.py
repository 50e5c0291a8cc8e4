"""The files of a commit, taken out of git's archive."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tidegate.errors import VersionError

if TYPE_CHECKING or sys.version_info >= (3, 11, 4):
    import tarfile
else:  # an older one, as Debian 12 has it, cannot keep a file in its folder
    from backports import tarfile

FOLDER_MODE = 0o755
_LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_LARGEST_POINTER = 1024  # bytes, as the specification of Git LFS says


def _of_commit(sha: str, member: tarfile.TarInfo, into: str) -> tarfile.TarInfo | None:
    """As it goes into images. Folders: the application's user must be able to enter them, whatever
    our umask is. Files: of this commit by their time too. git gives all of them that of the commit,
    in whole seconds, and BuildKit takes a file of the same time and size for the same file."""
    safe = tarfile.data_filter(member, into)
    if safe.isdir():
        return safe.replace(mode=FOLDER_MODE, deep=False)
    return safe.replace(mtime=int(member.mtime) + int(sha[:6], 16) / 16**6, deep=False)


def unpack(archive: IO[bytes], into: Path, sha: str, doing: str) -> list[str]:
    """Returns the files that are pointers of Git LFS."""
    try:
        with tarfile.open(fileobj=archive, mode="r:") as tar:
            tar.extractall(into, filter=partial(_of_commit, sha))
            small = [
                one.name for one in tar.getmembers() if one.isreg() and one.size < _LARGEST_POINTER
            ]
    except tarfile.FilterError as error:
        raise VersionError(
            doing,
            f"the commit holds a file that would leave its folder ({error})",
            "Remove that link from the repository",
        ) from None
    return [name for name in small if (into / name).read_bytes().startswith(_LFS_POINTER)]
