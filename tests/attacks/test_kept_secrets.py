"""A secret that others may know, that is empty or short is refused with one clear error, and no
command goes on with it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.control_plane import ControlPlane
from tidegate.errors import InputError
from tidegate.settings import Settings, is_auth_string

SECRETS: dict[str, Callable[[Settings], object]] = {
    "prefect.auth": Settings.api_auth,
    "receiver.token": Settings.receiver_token,
    "fingerprint.key": Settings.fingerprint_key,
}
GOOD = "tidegate:" + "x" * 40


@pytest.fixture(params=SECRETS)
def secret(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Callable[[], object]]:
    """Its file, which is there and good, and the look at it."""
    settings, name = Settings(home=tmp_path / "home"), request.param
    SECRETS[name](settings)
    return settings.home / name, lambda: SECRETS[name](settings)


def test_it_is_made_once_for_its_user_alone(secret: tuple[Path, Callable[[], object]]) -> None:
    file, look = secret
    first = file.read_bytes()
    assert look() == look()
    assert file.read_bytes() == first
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [one.name for one in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("content", ["", "\n", " " * 64, "short", "tidegate:short"])
def test_an_empty_or_short_one_is_refused(
    secret: tuple[Path, Callable[[], object]], content: str
) -> None:
    file, look = secret
    file.write_text(content)
    with pytest.raises(
        InputError,
        match=rf"reading the secret in {re.escape(str(file))}: it holds \d+ bytes, and at least",
    ):
        look()
    assert file.read_text() == content


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o610])
def test_one_that_others_may_read_or_change_is_refused(
    secret: tuple[Path, Callable[[], object]], mode: int
) -> None:
    file, look = secret
    file.chmod(mode)
    with pytest.raises(
        InputError, match=rf"others may read or change it \(mode {mode:o}\).+Remove it.+`chmod 600"
    ):
        look()


def test_one_that_another_user_owns_is_refused(secret: tuple[Path, Callable[[], object]]) -> None:
    file, look = secret
    os.chown(file, 65534, 65534)
    with pytest.raises(InputError, match="it belongs to the user 65534"):
        look()


def test_a_link_to_a_file_of_others_is_refused(
    secret: tuple[Path, Callable[[], object]], tmp_path: Path
) -> None:
    file, look = secret
    other = tmp_path / "other"
    other.write_text(GOOD)
    file.unlink()
    file.symlink_to(other)
    with pytest.raises(InputError, match="others may read or change it"):
        look()


def test_a_folder_in_its_place_is_refused(secret: tuple[Path, Callable[[], object]]) -> None:
    file, look = secret
    file.unlink()
    file.mkdir(mode=0o700)
    with pytest.raises(InputError, match="Is a directory"):
        look()


def test_a_link_to_nothing_is_refused(secret: tuple[Path, Callable[[], object]]) -> None:
    file, look = secret
    file.unlink()
    file.symlink_to("nowhere")
    with pytest.raises(InputError, match="No such file"):
        look()


@pytest.mark.parametrize(
    "content",
    [
        "x" * 43,
        "name:" + "é" * 40,
        "name:two words" + "x" * 40,
        ":" + "x" * 43,
        f"{GOOD}\n{GOOD}",
        "n:" + "\x1b[31m" + "x" * 40,
    ],
)
def test_an_auth_string_that_no_header_can_carry_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "prefect.auth").write_text(content)
    (tmp_path / "prefect.auth").chmod(0o600)
    with pytest.raises(InputError, match="it is not of the form"):
        Settings(home=tmp_path).api_auth()


@pytest.mark.parametrize(
    "text", ["", "admin:pass", "x" * 43, ":" + "x" * 43, "two words:" + "x" * 43]
)
def test_what_the_server_would_take_for_none_is_none(text: str) -> None:
    assert not is_auth_string(text)
    assert is_auth_string(GOOD)


def test_a_line_end_after_it_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "prefect.auth").write_text(f"{GOOD}\n")
    (tmp_path / "prefect.auth").chmod(0o600)
    assert Settings(home=tmp_path).api_auth().get_secret_value() == GOOD


def test_the_refusal_does_not_tell_the_secret(tmp_path: Path) -> None:
    (tmp_path / "prefect.auth").write_text("a-secret-without-a-name-and-long-enough-to-pass")
    (tmp_path / "prefect.auth").chmod(0o600)
    with pytest.raises(InputError) as refused:
        Settings(home=tmp_path).api_auth()
    assert "a-secret" not in str(refused.value)


def test_no_process_is_started_with_a_refused_secret(tmp_path: Path) -> None:
    plane = ControlPlane(Settings(home=tmp_path))
    plane.settings.api_auth_file.touch(0o600)
    for start in (plane.start_server, plane.start_worker, plane.start_receiver):
        with pytest.raises(InputError, match="it holds 0 bytes"):
            start()
    assert not list(tmp_path.rglob("*.pid"))
