"""R7, P41, P53: a version is a tag or a commit, and nothing that can move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import VersionError
from tidegate.stack.versions import newest_first, resolve

A, B, C = "19b9b98" + "a" * 33, "19b9b98" + "b" * 33, "c" * 40
REFS = {"v1.0.0": A, "v1.1.0": B, "1.2.0": C, "v1.2.0-rc1": C, "main": C, "nightly": A, "latest": A}
SHAS = st.text("0123456789abcdef", min_size=40, max_size=40)


@pytest.mark.parametrize(
    ("wanted", "name", "sha"),
    [
        ("v1.1.0", "v1.1.0", B),
        ("1.1.0", "v1.1.0", B),
        ("v1.2.0", "1.2.0", C),
        ("1.2.0", "1.2.0", C),
        ("v1.2.0-rc1", "v1.2.0-rc1", C),
        ("1.2.0-rc1", "v1.2.0-rc1", C),
        ("  v1.0.0\n", "v1.0.0", A),
    ],
)
def test_a_tag_is_found_with_and_without_its_v_and_named_as_the_repository_names_it(
    wanted: str, name: str, sha: str
) -> None:
    assert resolve(wanted, REFS, [A, B, C]) == (name, sha)


@pytest.mark.parametrize(
    "wanted", ["sha-ccccccc", "ccccccc", "CCCCCCC", "c" * 40, "sha-" + "c" * 12]
)
def test_seven_to_forty_digits_find_the_one_commit_that_starts_so(wanted: str) -> None:
    assert resolve(wanted, REFS, [A, B, C]) == ("sha-ccccccc", C)


@pytest.mark.parametrize("wanted", ["v1.1.0", "1.1.0"])
def test_two_tags_for_one_version_at_different_commits_are_ambiguous(wanted: str) -> None:
    with pytest.raises(VersionError) as error:
        resolve(wanted, {"v1.1.0": A, "1.1.0": C}, [A, C])
    assert "v1.1.0 is 19b9b98aaaaa and 1.1.0 is cccccccccccc" in str(error.value)


@pytest.mark.parametrize("wanted", ["v1.1.0", "1.1.0"])
def test_two_tags_for_one_version_at_the_same_commit_are_one_version(wanted: str) -> None:
    assert resolve(wanted, {"v1.1.0": A, "1.1.0": A}, [A]) == (wanted, A)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("latest", "never what it starts from"),
        ("main", "can move"),
        ("nightly", "can move"),
        ("", "not a version"),
        ("v1.1", "not a version"),
        ("19b9b9", "not a version"),
        ("sha-xyz1234", "not a version"),
        ("v1.1.0+build", "not a version"),
        ("a" * 41, "not a version"),
        ("v9.9.9", "no such tag"),
    ],
)
def test_what_is_no_version_is_refused_with_the_reason_and_the_newest_known(
    wanted: str, why: str
) -> None:
    with pytest.raises(VersionError, match=r"1\.2\.0") as error:
        resolve(wanted, REFS, [A, B, C])
    assert why in error.value.came_back


def test_an_ambiguous_prefix_lists_the_commits_by_digits_that_tell_them_apart() -> None:
    with pytest.raises(
        VersionError, match=r"2 commits start so: 19b9b98aaaaa, 19b9b98bbbbb.*Type more digits"
    ):
        resolve("sha-19b9b98", REFS, [A, B, C])


def test_an_unknown_commit_is_refused_with_known_versions() -> None:
    with pytest.raises(VersionError, match=r"no commit that may be released.*v1\.1\.0"):
        resolve("sha-0000000", REFS, [A, B, C])


def test_without_any_tag_the_error_says_so() -> None:
    with pytest.raises(
        VersionError, match=r"no such tag\. No version is tagged yet\. Type a tag .* or sha-"
    ):
        resolve("v1.0.0", {}, [])
    with pytest.raises(VersionError, match="newest: none is tagged yet"):
        resolve("main", {}, [])


def test_the_name_of_a_commit_is_as_long_as_it_must_be_to_be_unique() -> None:
    assert resolve(A, {}, [A, B]) == ("sha-19b9b98a", A)


def test_versions_are_ordered_by_their_numbers_and_a_release_comes_after_its_candidates() -> None:
    tags = ["v1.10.0", "v1.9.0", "v1.10.0-rc.10", "v1.10.0-rc.9", "v1.10.0-alpha", "main", "1.2.0"]
    assert newest_first(tags) == [
        "v1.10.0",
        "v1.10.0-rc.10",
        "v1.10.0-rc.9",
        "v1.10.0-alpha",
        "v1.9.0",
        "1.2.0",
    ]


@given(st.sets(SHAS, min_size=1, max_size=8), st.data(), st.integers(7, 40))
def test_a_prefix_never_resolves_to_a_commit_when_two_start_so(
    shas: set[str], data: st.DataObject, size: int
) -> None:
    wanted = data.draw(st.sampled_from(sorted(shas)))[:size]
    matching = [sha for sha in shas if sha.startswith(wanted)]
    if len(matching) > 1:
        with pytest.raises(VersionError, match="Type more digits"):
            resolve(wanted, {}, shas)
    else:
        assert resolve(wanted, {}, shas)[1] == matching[0]


@given(
    st.lists(SHAS.map(lambda sha: "abcdef0" + sha[7:]), min_size=1, max_size=8, unique=True),
    st.data(),
)
def test_the_name_that_comes_back_resolves_to_the_same_commit(
    shas: list[str], data: st.DataObject
) -> None:
    sha = data.draw(st.sampled_from(shas))
    name, found = resolve(sha, {}, shas)
    assert found == sha
    assert resolve(name, {}, shas) == (name, sha)


@given(st.text(max_size=45))
def test_whatever_is_typed_is_resolved_or_refused_in_our_own_words(typed: str) -> None:
    try:
        name, sha = resolve(typed, REFS, [A, B, C])
    except VersionError:
        return
    assert sha in (A, B, C)
    assert name not in ("main", "nightly", "latest")
