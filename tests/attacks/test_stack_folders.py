"""What lies in the folder of the stacks, and to which of them a name belongs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.test_stackfile import SAMPLE
from tidegate.errors import StackFileError
from tidegate.stack.catalogue import every_stack

# --- what lies there under that name ---


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    makers: dict[str, Callable[[Path], object]] = {
        "folder": Path.mkdir,
        "pipe": os.mkfifo,
        "device": lambda file: file.symlink_to("/dev/zero"),
        "circle": lambda file: file.symlink_to(file),
        "link": lambda file: file.symlink_to("nothing"),
    }
    for name, make in makers.items():
        (tmp_path / name).mkdir()
        make(tmp_path / name / "stack.yaml")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    found = {fault.name: fault.error.came_back for fault in every_stack(tmp_path).faulty}
    assert found == {
        "folder": "it cannot be read (Is a directory)",
        "pipe": "it is no file",
        "device": "it is no file",
        "link": "it is a link to nothing",
        "circle": "it cannot be read (Too many levels of symbolic links)",
        "gone": "there is no such file",
    }


def test_a_folder_without_a_stack_file_is_no_stack(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "README.md").touch()
    assert every_stack(tmp_path).names == []


def test_no_folder_of_stacks_is_a_fault_and_not_no_stacks(tmp_path: Path) -> None:
    [fault] = every_stack(tmp_path / "stacks").faulty
    assert fault.error.came_back == "it cannot be read (No such file or directory)"


# --- names ---


def named(stacks: Path, folder: str, name: str, aliases: str = "") -> None:
    text = SAMPLE.replace("name: cloudlens ", f"name: {name} ").replace("[lens]", f"[{aliases}]")
    (stacks / folder).mkdir(parents=True)
    (stacks / folder / "stack.yaml").write_text(text)


def test_a_copy_that_was_not_renamed_stops_nobody_but_itself(tmp_path: Path) -> None:
    named(tmp_path, "shop", "shop")
    named(tmp_path, "shop-copy", "shop")
    found = every_stack(tmp_path)
    assert found.find("shop").folder == tmp_path / "shop"
    assert [(one.name, one.error.came_back) for one in found.faulty] == [
        ("shop-copy", "name: 'shop' belongs to the folder shop")
    ]


def test_a_copy_does_not_take_the_place_of_a_stack_whose_own_file_is_broken(tmp_path: Path) -> None:
    named(tmp_path, "shop-copy", "shop")
    named(tmp_path, "shop", "shop", aliases="[")
    with pytest.raises(StackFileError, match=r"shop.*line 5"):
        every_stack(tmp_path).find("shop")


def test_of_two_strange_folders_with_one_name_none_is_served(tmp_path: Path) -> None:
    named(tmp_path, "one", "shop")
    named(tmp_path, "two", "shop")
    found = every_stack(tmp_path)
    assert ([stack.name for stack in found.good], [one.name for one in found.faulty]) == (
        [],
        ["one", "two"],
    )


def test_an_alias_that_two_stacks_claim_means_none_of_them(tmp_path: Path) -> None:
    named(tmp_path, "shop", "shop", aliases="web")
    named(tmp_path, "mill", "mill", aliases="web, shop")
    found = every_stack(tmp_path)
    assert (found.find("shop").name, found.find("mill").name) == ("shop", "mill")
    with pytest.raises(StackFileError, match="it means mill and shop"):
        found.find("web")
    assert [one.name for one in found.faulty] == ["shop", "web"]
