"""A compose project that runs already, as the labels of its containers say it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tidegate.errors import InputError
from tidegate.plan.adoption import CONFIG_FILES_LABEL, FoundContainer
from tidegate.plan.occupancy import BASE_LABEL
from tidegate.proposal.running import (
    ENV_FILE_LABEL,
    WORKING_DIR_LABEL,
    RunningProject,
    beside,
    is_env_file,
    running_project,
)

WEB = FoundContainer(
    id="c1",
    name="umami-web-1",
    service="web",
    state="running",
    started_at="2026-03-01T00:00:00Z",
    image="acme/umami:2",
    image_id="sha256:aa",
    labels={
        WORKING_DIR_LABEL: "/srv/umami",
        CONFIG_FILES_LABEL: "/srv/umami/compose.yaml,/srv/umami/compose.prod.yaml",
    },
)
DB = replace(WEB, id="c2", name="umami-db-1", service="db")
FILES = ("/srv/umami/compose.yaml", "/srv/umami/compose.prod.yaml")


def labelled(one: FoundContainer, **labels: str) -> FoundContainer:
    names = {"files": CONFIG_FILES_LABEL, "env": ENV_FILE_LABEL, "folder": WORKING_DIR_LABEL}
    return replace(one, labels={**one.labels, **{names[key]: text for key, text in labels.items()}})


def test_its_files_are_known_in_their_order() -> None:
    assert running_project("umami", [WEB, DB], []) == RunningProject(
        "umami", "/srv/umami", FILES, "/srv/umami/.env", names_env_file=False
    )


def test_an_env_file_that_somebody_named_is_the_one() -> None:
    found = running_project("umami", [labelled(WEB, env="/srv/secrets/umami.env")], [])
    assert (found.env_file, found.names_env_file) == ("/srv/secrets/umami.env", True)


def test_paths_of_an_old_compose_begin_in_its_folder() -> None:
    found = running_project("umami", [labelled(WEB, files="compose.yaml,../more.yml")], [])
    assert found.files == ("/srv/umami/compose.yaml", "/srv/more.yml")


@pytest.mark.parametrize(
    ("containers", "came_back", "to_do"),
    [
        ([], "no container of it (there are: blog, shop)", "docker compose ls --all"),
        ([replace(WEB, labels={BASE_LABEL: "umami-prod"})], "Tidegate has started it", "status"),
        ([labelled(WEB, files="-")], "no file is known", "leave out --from"),
        ([labelled(WEB, files="")], "no file is known", "leave out --from"),
        ([labelled(WEB, folder="")], "no file is known", "leave out --from"),
        (
            [WEB, labelled(DB, files=FILES[0])],
            f"web: {', '.join(FILES)}; db: {FILES[0]}",
            "Start it once from all of them",
        ),
    ],
)
def test_what_names_no_files_is_refused_with_what_to_do(
    containers: list[FoundContainer], came_back: str, to_do: str
) -> None:
    with pytest.raises(InputError) as refused:
        running_project("umami", containers, ["blog", "shop"])
    assert refused.value.doing == "looking for the compose project umami"
    assert came_back in refused.value.came_back
    assert to_do in refused.value.to_do


def test_what_a_model_names_beside_it_is_found_wherever_it_stands() -> None:
    model = {
        "services": {
            "web": {
                "build": {"context": "/t/of/own"},
                "env_file": [{"path": "/t/of/own/.env"}],
                "volumes": [
                    {"type": "bind", "source": "/t/of/own/conf/a.conf"},
                    {"type": "bind", "source": "/t/of/shared"},
                    {"type": "bind", "source": "/srv/media"},
                    {"type": "volume", "source": "data"},
                ],
            }
        },
        "secrets": {"pw": {"file": "/t/of/own/pw.txt"}},
    }
    assert beside(model, "/t/of/own", "/t") == [".", "../shared", ".env", "conf/a.conf", "pw.txt"]
    assert [one for one in (".env", "a/.env.db", "env", "a.env") if is_env_file(one)] == [
        ".env",
        "a/.env.db",
    ]
