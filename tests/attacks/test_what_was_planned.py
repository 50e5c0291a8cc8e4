"""What was planned and approved, taken up again exactly, whatever becomes of the folder that it was
read from."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import MOST_KEPT, drop_needless
from tests.attacks.team_folder import made_in, read, resolved, text, within
from tests.unit.ledger_parts import Clock, deploy, open_ledger
from tidegate.errors import ConfigError, StackFileError
from tidegate.plan.sealed_files import content_hash, files_of, with_copies
from tidegate.plan.seals import Seals
from tidegate.policy.states import DeploymentState
from tidegate.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made_in(tmp_path)


# --- what was planned, taken up again ---


def sealed(folder: Path, seals: Seals) -> dict[str, Any]:
    stack, values, model = read(folder)
    files = files_of(model, stack.folder, ["web"])
    seals.write(
        "id-1",
        stack=stack,
        values=values,
        model=model,
        files=files,
        contents={name: content_hash(file) for name, file in files.items()},
    )
    return model


def test_what_was_planned_is_there_when_the_folder_is_gone(folder: Path, tmp_path: Path) -> None:
    seals = Seals(tmp_path / "sealed")
    stack, values, _ = read(folder)
    model = sealed(folder, seals)
    shutil.rmtree(folder)
    seal = seals.read("id-1")
    assert seal is not None
    assert (seal.stack, seal.stack.folder, dict(seal.values), seal.model) == (
        stack,
        folder,
        values,
        model,
    )
    service = with_copies(seal.model, folder, seal.files)
    sources = [Path(mount["source"]) for mount in service["services"]["web"]["volumes"]]
    assert [path.relative_to(seal.files).as_posix() for path in sources] == ["nginx.conf", "conf.d"]
    assert sources[0].read_text() == "server {}\n"
    assert (sources[1] / "a.conf").read_text() == "a\n"
    assert Path(service["secrets"]["token"]["file"]).read_text() == "t0ken\n"


def test_a_seal_can_be_entered_by_its_owner_only_and_keeps_the_modes_that_containers_need(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "nginx.conf").chmod(0o644)
    (folder / "conf.d").chmod(0o755)
    sealed(folder, Seals(tmp_path / "sealed"))
    place = tmp_path / "sealed" / "id-1"
    modes = {
        name: stat.S_IMODE((place / name).stat().st_mode)
        for name in ("..", ".", "inputs.json", "files/nginx.conf", "files/conf.d")
    }
    assert modes == {
        "..": 0o700,
        ".": 0o700,
        "inputs.json": 0o600,
        "files/nginx.conf": 0o644,
        "files/conf.d": 0o755,
    }


def test_what_was_kept_first_stays_and_is_gone_when_it_is_removed(
    folder: Path, tmp_path: Path
) -> None:
    seals = Seals(tmp_path / "sealed")
    sealed(folder, seals)
    text(".env.production", "LEVEL=DEBUG\n")(folder)
    sealed(folder, seals)
    assert seals.read("id-1").values == {"LEVEL": "INFO"}  # type: ignore[union-attr]
    seals.remove("id-1")
    seals.remove("id-1")
    assert seals.read("id-1") is None
    assert list((tmp_path / "sealed").iterdir()) == []


def test_a_file_that_changes_between_plan_and_keeping_is_noticed_and_nothing_is_kept(
    folder: Path, tmp_path: Path
) -> None:
    stack, values, model = read(folder)
    files = files_of(model, stack.folder, ["web"])
    contents = {name: content_hash(file) for name, file in files.items()}
    text("nginx.conf", "server { autoindex on; }\n")(folder)
    with pytest.raises(
        ConfigError, match=r"keeping nginx\.conf: it has changed since it was planned"
    ):
        Seals(tmp_path / "sealed").write(
            "id-1", stack=stack, values=values, model=model, files=files, contents=contents
        )
    assert list((tmp_path / "sealed").iterdir()) == []


def test_what_nobody_can_go_on_with_or_back_to_is_kept_no_longer(tmp_path: Path) -> None:
    with open_ledger(tmp_path, clock := Clock()) as ledger:
        settings = Settings(home=tmp_path)
        env = cast(
            OpenEnvironment,
            SimpleNamespace(
                ledger=ledger,
                settings=settings,
                stack=SimpleNamespace(name="cloudlens"),
                name="prod",
            ),
        )
        first = deploy(ledger, "v1")
        failed, good = (
            deploy(ledger, "v2", DeploymentState.FAILED),
            [deploy(ledger, f"v{n}") for n in range(3, 3 + MOST_KEPT)],
        )
        clock.tick()
        back, waiting = deploy(ledger, origin=first), deploy(ledger, "v99", DeploymentState.WAITING)
        everything = {one.id for one in ledger.deployments.history("cloudlens", "prod")}
        for one in everything:
            (settings.home / "sealed" / one).mkdir(parents=True)
        drop_needless(env)
        kept = {folder.name for folder in (settings.home / "sealed").iterdir()}
    assert kept == {
        first.id,
        waiting.id,
        *(one.id for one in good),
    }  # what serves is a way back to the first one
    assert everything - kept == {failed.id, back.id}


@pytest.mark.parametrize(
    "damage",
    ["", "{", "{}", '{"stack": {"name": "quay"}, "folder": "/x", "values": {}, "model": {}}'],
)
def test_a_seal_that_cannot_be_read_is_none(folder: Path, tmp_path: Path, damage: str) -> None:
    seals = Seals(tmp_path / "sealed")
    sealed(folder, seals)
    (tmp_path / "sealed" / "id-1" / "inputs.json").write_text(damage)
    assert seals.read("id-1") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda files: (files / "nginx.conf").unlink(),
        lambda files: (files / "nginx.conf").write_text("server { planted; }\n"),
    ],
)
def test_a_seal_with_a_file_that_is_gone_or_another_one_is_not_whole(
    folder: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    seals = Seals(tmp_path / "sealed")
    sealed(folder, seals)
    assert seals.is_whole("id-1")
    damage(seals.files_of("id-1"))
    assert not seals.is_whole("id-1")


LINKS = {
    "current": "v2",
    "b.conf": "current/b.conf",
    "self": ".",
    "one": "other",
    "other": "one",
    "gone": "no",
}


def test_a_link_inside_a_mounted_folder_is_kept_as_a_link_with_what_it_leads_to(
    folder: Path, tmp_path: Path
) -> None:
    conf, kept = folder / "conf.d", tmp_path / "sealed" / "id-1" / "files" / "conf.d"
    (made(conf / "v2") / "b.conf").write_text("b\n")
    for name, target in LINKS.items():
        (conf / name).symlink_to(target)
    sealed(folder, seals := Seals(tmp_path / "sealed"))
    assert {
        file.name: str(file.readlink()) for file in kept.iterdir() if file.is_symlink()
    } == LINKS
    assert (kept / "current" / "b.conf").read_text() == (kept / "b.conf").read_text() == "b\n"
    assert seals.is_whole("id-1")


@pytest.mark.parametrize(
    "edit",
    [
        lambda conf: (conf / "v2" / "b.conf").write_text("other"),
        lambda conf: [(conf / "current").unlink(), (conf / "current").symlink_to("v3")],
    ],
)
def test_what_a_link_leads_to_is_part_of_the_configuration(
    folder: Path, edit: Callable[[Path], object]
) -> None:
    (made(folder / "conf.d" / "v2") / "b.conf").write_text("b")
    (folder / "conf.d" / "current").symlink_to("v2")
    before = resolved(folder).hash
    edit(folder / "conf.d")
    assert resolved(folder).hash != before


def test_a_mount_that_goes_through_a_link_is_kept_behind_it(folder: Path, tmp_path: Path) -> None:
    (made(folder / "conf.d" / "v2") / "b.conf").write_text("b")
    (folder / "conf.d" / "current").symlink_to("v2")
    mounts = ["./conf.d:/a:ro", "./conf.d/current:/b:ro", "./conf.d/current/b.conf:/c:ro"]
    within("compose.yaml", "services", "web", "volumes", to=mounts)(folder)
    sealed(folder, Seals(tmp_path / "sealed"))
    kept = tmp_path / "sealed" / "id-1" / "files" / "conf.d"
    assert (kept / "current").is_symlink()
    assert (kept / "v2" / "b.conf").read_text() == "b"


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("out", "../../shadow"),
        ("out", "../nginx.conf"),
        ("out", "/etc"),
        ("out", "{folder}/conf.d/a.conf"),
        ("out", "../../quay/conf.d/a.conf"),
        ("out", ".."),
    ],
)
def test_a_link_that_leads_out_of_a_mounted_folder_is_refused(
    folder: Path, name: str, target: str
) -> None:
    (folder / "conf.d" / name).symlink_to(target.format(folder=folder))
    with pytest.raises(
        StackFileError, match=r"links lead out of them: conf\.d/out\. Put the content there"
    ):
        resolved(folder)


def test_a_mounted_folder_that_is_a_link_out_of_the_teams_folder_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    shutil.rmtree(folder / "conf.d")
    (folder / "conf.d").symlink_to(made(tmp_path / "elsewhere"))
    with pytest.raises(StackFileError, match=r"links lead out of them: conf\.d"):
        resolved(folder)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder
