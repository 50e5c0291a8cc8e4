"""Makes the demo's git repository: `base/` is v1.0.0, a folder of `versions/` is laid over the
version it is based on.

The same inputs give the same commits. Needs git and the standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
AUTHOR = "CloudLens <dev@cloudlens.localhost>"
FIRST_COMMIT_AT = 1_788_220_800  # 2026-09-01T00:00Z; each commit is one day after the one before it
DAY = 86_400
INPUTS = "tidegate.inputs"  # git config key: what the repository was made from


@dataclass(frozen=True)
class Commit:
    """One commit: the files of `folder` over those of `base`. `tag` is annotated; `branch` moves to
    it."""

    folder: str
    base: str | None
    subject: str
    branch: str = "main"
    tagged: bool = True


def _broken(tag: str, subject: str) -> Commit:
    return Commit(tag, "v1.1.0", subject, branch=f"release/{tag}")


COMMITS = (
    Commit("v1.0.0", None, "feat: 账单查询"),
    Commit("v1.1.0-table", "v1.0.0", "feat: 添加 discount_cache 表", tagged=False),
    Commit("v1.1.0", "v1.1.0-table", "feat: 折扣分析"),
    Commit("v1.4.0", "v1.1.0", "feat: 账单可按账号筛选"),
    _broken("v1.2.0-never-healthy", "feat: 启动时加载价格目录"),
    _broken("v1.2.1-api-500", "refactor: 账单月份改名"),
    _broken("v1.2.2-empty-data", "fix: 按账号过滤账单"),
    _broken("v1.2.3-crash-at-start", "feat: 启动时检查许可证"),
    _broken("v1.2.4-crash-after-switch", "perf: 后台线程预热缓存"),
    _broken("v1.2.5-migration-fails", "feat: 每月一张账单"),
    _broken("v1.2.6-two-heads", "feat: 账单币种和付款时间"),
    _broken("v1.2.7-lossy-downgrade", "refactor: 删除账单备注"),
    _broken("v1.2.8-slow-start", "feat: 就绪前预热 40 秒"),
    _broken("v1.2.9-turns-bad", "perf: 缓存接口结果"),
    _broken("v1.3.0-needs-downgrade", "refactor: 账单金额改名"),
    _broken("v1.3.1-longer-note", "feat: 更长的账单备注"),
)


def make_repository(repository: Path, wheels: Path) -> bool:
    """Make or renew `repository`, with the wheel files of `wheels` vendored. False when it is
    already as it must be.

    Renewing moves `main`, the release branches and the tags; other branches stay. Raises
    CalledProcessError.
    """
    stream = fast_import_stream(
        {f"wheels/{path.name}": path.read_bytes() for path in sorted(wheels.glob("*.whl"))}
    )
    digest = hashlib.sha256(stream).hexdigest()
    if _made_from(repository) == digest:
        return False
    repository.mkdir(parents=True, exist_ok=True)
    _git(repository, "init", "--quiet", "--initial-branch=main")
    _git(repository, "fast-import", "--quiet", "--force", stdin=stream)
    _git(repository, "reset", "--quiet", "--hard", "main")
    for key, value in (
        ("user.name", "CloudLens"),
        ("user.email", "dev@cloudlens.localhost"),
        (INPUTS, digest),
    ):
        _git(repository, "config", key, value)
    return True


def fast_import_stream(wheels: dict[str, bytes]) -> bytes:
    """The whole history as `git fast-import` reads it: one process makes all commits and tags."""
    parts, marks = [], {}
    for number, commit in enumerate(COMMITS, start=1):
        marks[commit.folder] = number
        when = f"{AUTHOR} {FIRST_COMMIT_AT + number * DAY} +0000".encode()
        files = _files(commit.folder) | (wheels if commit.base is None else {})
        parts.append(_commit(commit, number, marks.get(commit.base or ""), when, files))
        if commit.tagged:
            parts.append(_tag(commit, number, when))
    return b"".join(parts)


def _commit(
    commit: Commit, mark: int, parent: int | None, when: bytes, files: dict[str, bytes]
) -> bytes:
    head = b"commit refs/heads/%s\nmark :%d\nauthor %s\ncommitter %s\n" % (
        commit.branch.encode(),
        mark,
        when,
        when,
    )
    return b"".join(
        [
            head,
            _data(commit.subject.encode()),
            b"from :%d\n" % parent if parent else b"",
            *(
                b"M 100644 inline %s\n" % path.encode() + _data(body)
                for path, body in sorted(files.items())
            ),
        ]
    )


def _tag(commit: Commit, mark: int, when: bytes) -> bytes:
    head = b"tag %s\nfrom :%d\ntagger %s\n" % (commit.folder.encode(), mark, when)
    return head + _data(f"{commit.folder}: {commit.subject}".encode())


def _data(body: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(body), body)


def _files(folder: str) -> dict[str, bytes]:
    root = HERE / "base" if folder == "v1.0.0" else HERE / "versions" / folder
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _made_from(repository: Path) -> str | None:
    if not (repository / ".git").is_dir():
        return None
    found = subprocess.run(
        ["git", "-C", repository, "config", "--get", INPUTS], capture_output=True, text=True
    )
    return found.stdout.strip() if found.returncode == 0 else None


def _git(repository: Path, *words: str, stdin: bytes | None = None) -> None:
    subprocess.run(["git", "-C", repository, *words], input=stdin, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("wheels", type=Path)
    arguments = parser.parse_args()
    made = make_repository(arguments.repository, arguments.wheels)
    print(f"{arguments.repository}: {'made' if made else 'unchanged'}")


if __name__ == "__main__":
    main()
