"""The commits of a stack's further repositories: which ones a version means."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from prefect import get_run_logger

from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.found_images import stack_of, standing_deployments
from tidegate.errors import VersionError
from tidegate.stack.sources import FurtherSource
from tidegate.stack.versions import is_version_tag
from tidegate.versions import MAIN, Commit, hashes_in, short_id


def further_commits(env: OpenEnvironment, name: str, main: Commit | None) -> dict[str, Commit]:
    """Repository -> its commit of the version `name`, whose commit in the stack's own repository is
    `main`.

    A tag of that name goes first. Without one it is the newest commit of the branch that the stack
    file names; what this run, or the environment before, has of this version stays what it is,
    since a branch goes on. Raises VersionError where there is neither tag nor branch.
    """
    if main is None or env.stack.source is None:
        return {}
    further = env.stack.source.further
    tags = _tagged(env, further, name)
    found = {key: tags[key] or _untagged(env, key, one, name, main) for key, one in further.items()}
    for key, commit in found.items():
        get_run_logger().info("%s: %s: %s", key, short_id(commit.sha), commit.subject)
    return found


def _tagged(env: OpenEnvironment, keys: Collection[str], name: str) -> dict[str, Commit | None]:
    """The commit of the tag in each repository. They are fetched side by side: one that is slow
    takes no time from the others."""
    with ThreadPoolExecutor(len(keys) or 1) as pool:
        asked = {key: pool.submit(env.further[key].tagged, name) for key in keys}
        return {key: one.result() for key, one in asked.items()}


def _untagged(
    env: OpenEnvironment, key: str, said: FurtherSource, name: str, main: Commit
) -> Commit:
    if said.branch is None:
        raise _lacking(env.stack.name, key, name)
    source, known = env.further[key], _known(env, key, said, name, main)
    return source.commit(known) if known else source.newest_of_branch()


def _lacking(stack: str, key: str, name: str) -> VersionError:
    """A version such as `sha-19b9b98` is of the stack's own repository alone: no tag is called
    so."""
    doing, where = f"resolving the version {name!r} of {stack}", f"source.further.{key}"
    if not is_version_tag(name):
        return VersionError(
            doing,
            f"it is a commit of the stack's own repository, and says none of the repository {key}",
            f"Give it a `branch` under {where} in stack.yaml, whose newest commit is meant then; "
            "or release a tag that both have",
        )
    return VersionError(
        doing,
        f"the repository {key} has no tag {name}",
        f"Tag its commit {name} too and push the tag; or name a `branch` under {where} in "
        "stack.yaml, whose newest commit is meant then",
    )


def _known(
    env: OpenEnvironment, key: str, said: FurtherSource, name: str, main: Commit
) -> str | None:
    """The hash that the newest deployment that stands for this version has, where the stack file
    said the same of the repository."""
    for deployment in standing_deployments(env):
        hashes = hashes_in(deployment.commit)
        if (deployment.version, hashes.get(MAIN)) == (name, main.sha):
            then = stack_of(env, deployment)
            is_same = then and then.source and then.source.further.get(key) == said
            return hashes.get(key) if is_same else None
    return None
