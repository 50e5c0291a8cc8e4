"""A tag pattern of the stack file, filled in by a version; and what a version is where there is no
repository."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from tidegate.errors import VersionError
from tidegate.stack.tags import TagPattern, tag_of, typed_tag
from tidegate.versions import Commit, Version, id_of_images, is_commit, recorded, short_id

SHA = "19b9b98" + "0" * 33
AT = datetime(2026, 3, 1, tzinfo=UTC)
COMMIT = Commit(SHA, "feat: bills", "Ann", AT)
ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


@pytest.mark.parametrize(
    ("pattern", "name", "tag"),
    [
        ("{version}", "v1.1.0", "v1.1.0"),
        ("{number}", "v1.1.0", "1.1.0"),
        ("{number}", "vanilla", "vanilla"),
        ("{number}-alpine", "2.3.1", "2.3.1-alpine"),
        ("sha-{commit7}", "v1.1.0", "sha-19b9b98"),
        ("{commit}", "v1.1.0", SHA),
        ("9", "v1.1.0", "9"),
    ],
)
def test_a_pattern_is_filled_in_by_a_version(pattern: str, name: str, tag: str) -> None:
    assert tag_of(pattern, name, COMMIT) == tag


@pytest.mark.parametrize(
    "pattern",
    [
        "{branch}",
        "{version",
        "{version!r}",
        "{version:>9}",
        "{}",
        "a b",
        "-x{version}",
        "acme/{version}",
        "x:{version}",
        "",
        "latest",
        "{version}" + "x" * 128,
        "{{version}}",
        "{version.real}",
    ],
)
def test_what_can_be_no_tag_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(TagPattern).validate_python(pattern)


@pytest.mark.parametrize(
    "wanted", ["latest", "", "a b", "x:1", "-1", "a" * 129, "sha256:" + "1" * 64]
)
def test_a_version_without_a_repository_is_a_tag_and_never_latest(wanted: str) -> None:
    with pytest.raises(VersionError):
        typed_tag(wanted)


def test_no_pattern_makes_latest_of_a_version() -> None:
    with pytest.raises(VersionError):
        tag_of("l{version}", "atest", None)


def test_a_version_of_images_is_their_digests_whatever_they_are_called() -> None:
    pins = {"web": f"acme/web@{ONE}", "worker": f"acme/worker@{TWO}"}
    copied = {"api": f"ghcr.io/x/web@{ONE}", "jobs": TWO}
    assert Version("2", None, pins).id == Version("3", None, copied).id
    assert Version("2", None, pins).id != Version("2", None, {"web": pins["web"]}).id
    assert Version("2", None, {"web": pins["web"], "worker": f"acme/web@{ONE}"}).id == ONE


def test_a_commit_goes_before_images() -> None:
    assert Version("v1.1.0", COMMIT, {"web": f"acme/web@{ONE}"}).id == SHA


def test_the_ledger_s_record_means_the_same_version() -> None:
    pins = {"web": f"acme/web@{ONE}", "worker": f"acme/worker@{TWO}"}
    for version, found in (
        (Version("2", None, pins), pins),
        (Version("v1.1.0", COMMIT), {"web": ONE}),
    ):
        assert recorded(version.name, version.id, found, AT).id == version.id


def test_what_people_read_says_what_it_is() -> None:
    assert [short_id(one) for one in (SHA, ONE, id_of_images([ONE, TWO]))] == [
        SHA[:12],
        f"sha256:{'1' * 12}",
        id_of_images([ONE, TWO])[:19],
    ]
    assert [is_commit(one) for one in (SHA, ONE, id_of_images([ONE, TWO]))] == [True, False, False]
