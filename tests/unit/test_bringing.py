"""The files of an application that runs are copied beside its new stack file: all that it needs, or
nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.frame import adapters
from tasks.plan import bringing
from tasks.plan.bringing import Brought, brought
from tests.world.by_hand import MemoryHandStarted, start_by_hand
from tests.world.engine import MemoryOccupancy
from tests.world.world import World, model_of
from tidegate.errors import InputError, StackFileError
from tidegate.facts import ComposeModel
from tidegate.plan.adoption import CONFIG_FILES_LABEL
from tidegate.proposal.running import ENV_FILE_LABEL, WORKING_DIR_LABEL

NAME = "shop-prod"


@dataclass
class Team:
    """What a team started from files in `srv`; `folder` is where a stack file is to be."""

    srv: Path
    folder: Path
    world: World = field(default_factory=World)

    def has(self, files: dict[str, Any], env_file: str = "") -> None:
        """And its containers say that they were started from these compose files."""
        for name, said in files.items():
            (self.srv / name).parent.mkdir(parents=True, exist_ok=True)
            (self.srv / name).write_text(said if isinstance(said, str) else yaml.safe_dump(said))
        names = [str(self.srv / name) for name, said in files.items() if isinstance(said, dict)]
        engine = self.world.engine
        start_by_hand(engine, model_of(NAME), "v1.0.0")
        for one in engine.of(NAME):
            said = {WORKING_DIR_LABEL: str(self.srv), CONFIG_FILES_LABEL: ",".join(names)}
            env = {ENV_FILE_LABEL: env_file} if env_file else {}
            engine.state(one.name, labels={**one.labels, **said, **env})

    def bring(self) -> Brought:
        with brought(self.folder, NAME) as found:
            return found

    def refused(self) -> str:
        with pytest.raises(InputError) as refused, brought(self.folder, NAME):
            raise AssertionError("it was not refused")
        return str(refused.value)

    def there(self) -> list[str]:
        return sorted(str(one.relative_to(self.folder)) for one in self.folder.rglob("*"))


def as_written(files: Sequence[Path], project: str) -> ComposeModel:
    """As Compose says it: paths are whole, and `broken` cannot be read."""
    model: ComposeModel = {"services": {}}
    for file in files:
        said = yaml.safe_load(file.read_text())
        if said.get("broken"):
            raise StackFileError("reading", "web: no image", "Correct it")
        model.update({key: one for key, one in said.items() if key != "services"})
        model["services"].update(said["services"])
    return _whole(model, files[0].parent)  # type: ignore[no-any-return]


def _whole(said: Any, folder: Path) -> Any:
    if isinstance(said, dict):
        return {key: _whole(one, folder) for key, one in said.items()}
    if isinstance(said, list):
        return [_whole(one, folder) for one in said]
    return str((folder / said).resolve()) if str(said).startswith((".", "..")) else said


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    made = Team(tmp_path / "srv", tmp_path / "new")
    made.srv.mkdir()
    made.folder.mkdir()
    engine = made.world.engine
    monkeypatch.setattr(
        adapters, "by_hand_here", lambda: (MemoryHandStarted(engine), MemoryOccupancy(engine))
    )
    monkeypatch.setattr(adapters, "as_written", as_written)
    return made


def web(**said: Any) -> dict[str, Any]:
    return {"services": {"web": {"image": "acme/web", **said}}}


def test_all_that_its_compose_files_name_comes_with_them(team: Team) -> None:
    conf, token = "./conf/web.conf", {"token": {"file": "./token.txt"}}
    files = {
        "compose.yaml": {**web(volumes=[{"source": conf}]), "secrets": token},
        "conf/web.conf": "greeting on\n",
        "token.txt": "of the team",
        ".env": "A=1\n",
    }
    team.has(files)
    (team.srv / "compose.yaml").chmod(0o644)
    (team.srv / ".env").chmod(0o644)
    found = team.bring()
    assert found.origin == str(team.srv)
    assert [*found.files] == ["compose.yaml", "conf/web.conf", "token.txt", ".env.production"]
    assert [(one.kind, one.files) for one in found.places if one.kind == "production"] == [
        ("production", ("compose.yaml",))
    ]
    for name in ("compose.yaml", "conf/web.conf", "token.txt"):
        assert (team.folder / name).read_bytes() == (team.srv / name).read_bytes()
    modes = {name: (team.folder / name).stat().st_mode & 0o777 for name in found.files}
    assert modes == {
        "compose.yaml": 0o644,
        "conf/web.conf": (team.srv / "conf/web.conf").stat().st_mode & 0o777,
        "token.txt": 0o600,
        ".env.production": 0o600,
    }
    assert (team.folder / ".gitignore").read_text().splitlines().count("/token.txt") == 1
    assert "/conf/web.conf" not in (team.folder / ".gitignore").read_text()


def test_the_env_file_that_somebody_named_is_taken(team: Team) -> None:
    team.has({"compose.yaml": web(), "live.env": "A=2\n", ".env": "A=1\n"}, env_file="live.env")
    team.bring()
    assert (team.folder / ".env.production").read_text() == "A=2\n"


def test_where_compose_read_no_env_file_there_is_none(team: Team) -> None:
    team.has({"compose.yaml": web()})
    assert team.bring().files == ("compose.yaml",)


def test_an_env_file_that_was_named_and_is_gone_is_missing(team: Team) -> None:
    team.has({"compose.yaml": web()}, env_file="live.env")
    assert f"{team.srv}/live.env: No such file or directory" in team.refused()
    assert team.there() == []


def test_each_file_that_cannot_be_read_is_named(team: Team) -> None:
    team.has({"compose.yaml": web(), "more.yml": web(), "large.yml": web(), "good.yml": web()})
    (team.srv / "compose.yaml").unlink()
    (team.srv / "more.yml").unlink()
    (team.srv / "more.yml").mkdir()
    (team.srv / "large.yml").write_bytes(b"#" * (bringing.MOST_BYTES + 1))
    said = team.refused()
    assert "reading what the compose project shop-prod was started from" in said
    assert "compose.yaml: No such file or directory" in said
    assert "more.yml: it is no single file" in said
    assert f"large.yml: it is larger than {1 << 20} bytes" in said
    assert "good.yml" not in said
    assert team.there() == []


def test_a_file_as_large_as_is_taken_is_taken(team: Team) -> None:
    team.has({"compose.yaml": web(), ".env": "#" * bringing.MOST_BYTES})
    assert team.bring().files == ("compose.yaml", ".env.production")


def test_in_its_own_folder_nothing_but_the_env_file_is_written(team: Team) -> None:
    team.folder = team.srv
    team.has({"deploy/compose.yaml": web(volumes=[{"source": "./data"}]), ".env": "A=1\n"})
    found = team.bring()
    assert (found.files, found.places[-1].files) == (
        (".env.production",),
        ("deploy/compose.yaml",),
    )


def test_in_its_own_folder_a_compose_file_from_elsewhere_is_refused(team: Team) -> None:
    team.folder = team.srv
    team.has({"compose.yaml": web(), "../shared.yml": web()})
    said = team.refused()
    assert f"{team.srv.parent}/shared.yml lies outside of {team.srv}" in said
    assert team.there() == ["compose.yaml"]


def test_two_compose_files_of_one_name_are_refused(team: Team) -> None:
    team.has({"a/compose.yaml": web(), "b/compose.yaml": web()})
    assert "two of its compose files have one name" in team.refused()
    assert team.there() == []


def test_what_it_needs_and_cannot_be_copied_is_named_with_the_way_out(team: Team) -> None:
    sources = ("./data", "./.env.db", "../lib", "./gone.conf", "./good.conf")
    volumes = [{"source": name} for name in sources]
    team.has({"compose.yaml": web(volumes=volumes), ".env.db": "B=1\n", "good.conf": "on\n"})
    (team.srv / "data").mkdir()
    said = team.refused()
    assert (
        "they need what lies beside them: ../lib, .env.db, data (it is no single file), "
        "gone.conf (No such file or directory)" in said
    )
    assert f"`tidegate init {team.srv} --from shop-prod`" in said
    assert team.there() == []


def test_its_own_env_file_is_not_copied_twice(team: Team) -> None:
    team.has({"compose.yaml": web(env_file=["./.env"]), ".env": "A=1\n"})
    assert team.bring().files == ("compose.yaml", ".env.production")


def test_compose_files_that_cannot_be_read_alone_are_refused(team: Team) -> None:
    team.has({"compose.yaml": {**web(), "broken": True}})
    assert "they cannot be read alone: web: no image" in team.refused()


def test_another_file_of_the_same_name_is_never_overwritten(team: Team) -> None:
    team.has({"compose.yaml": web()})
    (team.folder / "compose.yaml").write_text("mine\n")
    assert "there is another compose.yaml" in team.refused()
    assert (team.folder / "compose.yaml").read_text() == "mine\n"


def test_a_folder_of_the_same_name_is_another_one(team: Team) -> None:
    team.has({"compose.yaml": web()})
    (team.folder / "compose.yaml").mkdir()
    assert "there is another compose.yaml" in team.refused()


def test_the_same_file_that_is_there_already_is_not_called_new(team: Team) -> None:
    team.has({"compose.yaml": web()})
    (team.folder / "compose.yaml").write_bytes((team.srv / "compose.yaml").read_bytes())
    assert team.bring().files == ()


def test_where_what_comes_then_fails_the_copies_go_again(team: Team) -> None:
    team.has({"compose.yaml": web(volumes=[{"source": "./a/b/c.conf"}]), "a/b/c.conf": "on\n"})
    (team.folder / "mine").write_text("stays\n")
    with suppress(KeyError), brought(team.folder, NAME) as found:
        assert (team.folder / "a" / "b" / "c.conf").is_file()
        assert found.files == ("compose.yaml", "a/b/c.conf")
        raise KeyError
    assert team.there() == ["mine"]


def test_a_new_folder_into_which_somebody_has_put_something_stays(team: Team) -> None:
    team.has({"compose.yaml": web(volumes=[{"source": "./a/c.conf"}]), "a/c.conf": "on\n"})
    with suppress(KeyError), brought(team.folder, NAME):
        (team.folder / "a" / "theirs").write_text("stays\n")
        raise KeyError
    assert team.there() == ["a", "a/theirs"]


def test_a_folder_that_cannot_be_written_to_is_named(team: Team) -> None:
    team.has({"compose.yaml": web(volumes=[{"source": "./a/c.conf"}]), "a/c.conf": "on\n"})
    (team.folder / "a").write_text("a file where a folder is to be\n")
    said = team.refused()
    assert f"writing into {team.folder}" in said
    assert "Choose a folder that you may write to" in said
    assert team.there() == ["a"]


def test_a_project_that_is_not_there_is_told_with_those_that_are(team: Team) -> None:
    team.has({"compose.yaml": web()})
    with pytest.raises(InputError, match=r"no container of it \(there are: shop-prod\)"):
        brought(team.folder, "shop").__enter__()


def test_a_copy_may_be_read_and_run_by_whom_its_origin_may(team: Team) -> None:
    """Whatever else its bits say is none of a copy's."""
    start = {"type": "bind", "source": "./start.sh", "target": "/start.sh"}
    team.has({"compose.yaml": web(volumes=[start]), "start.sh": "true\n"})
    (team.srv / "start.sh").chmod(0o4755)
    with brought(team.folder, NAME):
        assert (team.folder / "start.sh").stat().st_mode & 0o7777 == 0o755
