"""A stamp says from which inputs a thing was made; the same inputs need no work."""

import hashlib
from pathlib import Path


def fingerprint(*inputs: Path | str) -> str:
    """Over the texts, and over the content of the files and of all files below the folders."""
    digest = hashlib.sha256()
    for given in inputs:
        for item in _files(given) if isinstance(given, Path) else [given]:
            content = item.read_bytes() if isinstance(item, Path) else item.encode()
            digest.update(
                f"{item.name if isinstance(item, Path) else ''} {len(content)} ".encode() + content
            )
    return digest.hexdigest()[:16]


def is_stamped(stamp: Path, value: str) -> bool:
    return stamp.is_file() and stamp.read_text() == value


def put_stamp(stamp: Path, value: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(value)


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
