"""A real git repository with tags, branches and odd files, read through its mirror."""

import multiprocessing
import os
import socket
from datetime import UTC
from pathlib import Path

import pytest

from blocks.sources.git import GitSource
from tests.integration.repositories import commit, git
from tidegate.errors import VersionError
from tidegate.secrecy.kept import private_umask
from tidegate.stack.file import load_stack


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """main: first - second (v1.0.0, annotated) - third."""
    repository = tmp_path / "origin"
    repository.mkdir()
    git(repository, "init", "-q")
    commit(repository, "first", app_py="one")
    commit(repository, "second", app_py="two")
    git(repository, "tag", "-a", "v1.0.0", "-m", "the first release")
    commit(repository, "third", app_py="three")
    return repository


@pytest.fixture
def source(origin: Path, tmp_path: Path) -> GitSource:
    return GitSource("cloudlens", str(origin), "main", tmp_path / "home", timeout_seconds=20)


def test_an_annotated_tag_means_the_commit_it_points_to(source: GitSource, origin: Path) -> None:
    second = git(origin, "rev-parse", "HEAD~1")
    version = source.resolve("1.0.0")
    assert (version.name, version.commit.sha, version.commit.subject) == (
        "v1.0.0",
        second,
        "second",
    )
    assert version.commit.author == "Dev"
    assert version.commit.at.tzinfo is UTC


def test_what_can_be_released_is_listed_newest_first_and_each_commit_once(
    source: GitSource, origin: Path
) -> None:
    head, first = git(origin, "rev-parse", "HEAD"), git(origin, "rev-parse", "HEAD~2")
    assert {one.name for one in source.newest(10)} == {
        f"sha-{head[:7]}",
        "v1.0.0",
        f"sha-{first[:7]}",
    }
    assert len(source.newest(2)) == 2


def test_a_commit_of_the_branch_can_be_named_by_seven_digits(
    source: GitSource, origin: Path
) -> None:
    head = git(origin, "rev-parse", "HEAD")
    assert source.resolve(f"sha-{head[:7]}").commit.sha == head


def test_a_commit_of_another_branch_cannot_be_released(source: GitSource, origin: Path) -> None:
    git(origin, "checkout", "-q", "-b", "feature")
    stray = commit(origin, "not reviewed")
    with pytest.raises(VersionError, match="no commit that may be released"):
        source.resolve(stray)


def test_a_branch_named_like_a_version_is_not_a_version(source: GitSource, origin: Path) -> None:
    git(origin, "branch", "v9.9.9")
    assert "v9.9.9" not in source.refs()
    git(origin, "branch", "v1.0.0", "HEAD")
    assert source.refs()["v1.0.0"] == git(origin, "rev-parse", "refs/tags/v1.0.0^{commit}")


def test_what_is_pushed_or_moved_or_deleted_later_is_seen(source: GitSource, origin: Path) -> None:
    source.refs()
    fourth = commit(origin, "fourth")
    git(origin, "tag", "v2.0.0")
    git(origin, "tag", "-f", "v1.0.0", "HEAD~1")
    git(origin, "branch", "short-lived")
    assert source.refs() == {
        "main": fourth,
        "short-lived": fourth,
        "v2.0.0": fourth,
        "v1.0.0": git(origin, "rev-parse", "HEAD~1"),
    }
    git(origin, "branch", "-D", "short-lived")
    assert "short-lived" not in source.refs()


def test_the_commits_between_two_releases_are_newest_first(source: GitSource, origin: Path) -> None:
    refs = source.refs()
    fourth = commit(origin, "fourth, with 中文")
    assert [c.subject for c in source.between(refs["v1.0.0"], fourth)] == [
        "fourth, with 中文",
        "third",
    ]
    assert source.between(fourth, refs["v1.0.0"]) == []
    assert [c.subject for c in source.between(None, refs["v1.0.0"])] == ["second", "first"]


def test_an_export_holds_nothing_of_the_work_tree(
    source: GitSource, origin: Path, tmp_path: Path
) -> None:
    (origin / "app.py").write_text("uncommitted")
    (origin / "left-over.txt").write_text("never committed")
    source.export(source.resolve("v1.0.0").commit.sha, tmp_path / "out")
    assert {p.name: p.read_text() for p in (tmp_path / "out").iterdir()} == {"app.py": "two"}


def test_what_an_image_is_built_from_can_be_read_by_its_user_whatever_our_umask(
    source: GitSource, origin: Path, tmp_path: Path
) -> None:
    (origin / "package" / "deep").mkdir(parents=True)
    (origin / "package" / "deep" / "module.py").write_text("one")
    made = commit(origin, "a package")
    with private_umask():
        source.export(made, tmp_path / "out")
    modes = {
        str(path.relative_to(tmp_path / "out")): path.stat().st_mode & 0o777
        for path in (tmp_path / "out").rglob("*")
    }
    assert modes == {
        "app.py": 0o644,
        "package": 0o755,
        "package/deep": 0o755,
        "package/deep/module.py": 0o644,
    }


def test_an_export_into_a_folder_with_files_is_refused(source: GitSource, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.py").write_text("old")
    with pytest.raises(VersionError, match="not empty"):
        source.export(source.refs()["main"], tmp_path / "out")


def test_a_link_that_leaves_the_repository_is_refused(
    source: GitSource, origin: Path, tmp_path: Path
) -> None:
    (origin / "secrets").symlink_to("../../../etc/shadow")
    with pytest.raises(VersionError, match="leave its folder"):
        source.export(commit(origin, "a trap"), tmp_path / "out")


def test_an_unknown_commit_is_refused_by_name(source: GitSource, tmp_path: Path) -> None:
    with pytest.raises(VersionError, match="no branch or tag leads to it"):
        source.between(None, "f" * 40)
    with pytest.raises(VersionError, match="not a full hash"):
        source.export("--upload-pack=touch", tmp_path / "nowhere")


def test_a_missing_repository_is_not_tried_again(tmp_path: Path) -> None:
    with pytest.raises(VersionError) as caught:
        GitSource("gone", str(tmp_path / "gone"), "main", tmp_path).refs()
    assert not caught.value.retryable


def test_a_missing_branch_is_refused_by_name(origin: Path, tmp_path: Path) -> None:
    with pytest.raises(VersionError, match="'trunk'") as caught:
        GitSource("cloudlens", str(origin), "trunk", tmp_path / "home").resolve("v1.0.0")
    assert not caught.value.retryable


def test_a_server_that_is_down_is_tried_again(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        url = f"git://127.0.0.1:{taken.getsockname()[1]}/app.git"
        with pytest.raises(VersionError, match="refused") as caught:
            GitSource("down", url, "main", tmp_path).refs()
    assert caught.value.retryable


def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"git://127.0.0.1:{silent.getsockname()[1]}/app.git"
        with pytest.raises(VersionError, match="no end after") as caught:
            GitSource("silent", url, "main", tmp_path, timeout_seconds=0.5).refs()
    assert caught.value.retryable


def test_a_password_in_the_url_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(VersionError) as caught:
        GitSource("app", "https://dev:hunter2@git.example.com/app.git", "main", tmp_path)
    assert "hunter2" not in str(caught.value)


def fetch_and_report(source: GitSource, results: "multiprocessing.Queue[str]") -> None:
    results.put(source.refs()["main"])


def test_processes_that_start_at_once_make_one_good_mirror(source: GitSource, origin: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[str] = spawn.Queue()
    processes = [spawn.Process(target=fetch_and_report, args=(source, results)) for _ in range(3)]
    for process in processes:
        process.start()
    answers = {results.get(timeout=60) for _ in processes}
    for process in processes:
        process.join(timeout=60)
    assert answers == {git(origin, "rev-parse", "main")}
    assert [process.exitcode for process in processes] == [0, 0, 0]


def test_a_lock_that_a_killed_git_left_behind_does_not_block(
    source: GitSource, origin: Path
) -> None:
    source.refs()
    (source.mirror.folder / "refs" / "heads" / "main.lock").touch()
    (source.mirror.folder / "packed-refs.lock").touch()
    commit(origin, "fourth")
    assert source.refs()["main"] == git(origin, "rev-parse", "main")


def test_a_mirror_in_use_is_waited_for_and_then_given_up(source: GitSource) -> None:
    impatient = GitSource(
        source.stack, source.repository, source.branch, source.home, timeout_seconds=0.2
    )
    with (
        source.mirror.alone("testing"),
        pytest.raises(VersionError, match="another process") as caught,
    ):
        impatient.refs()
    assert caught.value.retryable


def test_a_path_in_the_stack_file_is_taken_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "stacks" / "app"
    folder.mkdir(parents=True)
    (folder / "stack.yaml").write_text(STACK)
    assert GitSource.of(load_stack(folder), tmp_path).repository == os.path.realpath(
        tmp_path / "code"
    )


STACK = """
name: app
title: App
source: {repository: ../../code}
services: [{name: web, image: example/app, port: 80, ready_path: /}]
smoke: [{name: home}]
environments:
  dev: {kind: development, compose_files: [compose.yaml], env_file: .env, domains: [app.test], image_alias: dev}
"""


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 12345\n"


def test_an_export_says_what_git_keeps_elsewhere(
    source: GitSource, origin: Path, tmp_path: Path
) -> None:
    """A submodule's folder is empty and a file of Git LFS is a pointer, as in a clone that did not
    ask for them."""
    (origin / "model.bin").write_text(POINTER)
    (origin / "docs.md").write_text(f"A pointer looks like this:\n{POINTER}")
    (origin / "vendor" / "lib").mkdir(parents=True)
    git(origin, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib")
    made = commit(origin, "parts from elsewhere")
    assert {path: what[:11] for path, what in source.export(made, tmp_path / "out").items()} == {
        "vendor/lib": "a submodule",
        "model.bin": "a pointer o",
    }
    assert source.export(source.resolve("v1.0.0").commit.sha, tmp_path / "old") == {}


def test_an_export_has_every_file_as_a_clone_has_it(
    source: GitSource, origin: Path, tmp_path: Path
) -> None:
    """`git archive` alone would leave out what an archive for download leaves out, and rewrite
    `$Format$`."""
    (origin / ".gitattributes").write_text("config export-ignore\nversion.txt export-subst\n")
    (origin / "config").mkdir()
    (origin / "config" / "app.ini").write_text("on")
    (origin / "version.txt").write_text("$Format:%H$")
    source.export(commit(origin, "attributes"), tmp_path / "out")
    assert (tmp_path / "out" / "config" / "app.ini").read_text() == "on"
    assert (tmp_path / "out" / "version.txt").read_text() == "$Format:%H$"
