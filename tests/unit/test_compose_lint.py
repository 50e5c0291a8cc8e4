"""P45, P46: what would make a release untrue is a fault before it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.compose_models import model
from tidegate.stack.bind_mounts import Written
from tidegate.stack.compose_lint import TeamFiles, lint_model

RELEASED = ["backend", "worker"]


def bind(source: str, read_only: bool = True) -> Any:
    return {
        "volumes": [{"type": "bind", "source": source, "target": "/app/x", "read_only": read_only}]
    }


def test_sound_compose_files_have_no_fault() -> None:
    for environment in ("development", "staging", "production"):
        assert lint_model(model(), RELEASED, environment) == []


@pytest.mark.parametrize(
    ("image", "fault", "named"),
    [
        ("acme/x", "must have a tag or digest in production", "acme/x:TAG"),
        ("x:latest", "must not be latest in production", "x:TAG"),
        ("hub.example:5000/x", "must have a tag or digest in production", "hub.example:5000/x:TAG"),
    ],
)
def test_an_image_that_moves_is_a_fault_in_prod(image: str, fault: str, named: str) -> None:
    source = model(mysql={"image": image})
    [said] = lint_model(source, RELEASED, "production")
    assert said.startswith(f'services.mysql.image: {fault} (got "{image}")')
    assert said.endswith(f"a compose file of your own: `services: {{mysql: {{image: '{named}'}}}}`")
    assert lint_model(source, RELEASED, "staging") == []


def test_a_released_service_may_name_any_image_because_a_pin_replaces_it() -> None:
    assert lint_model(model(backend={"image": "acme/x:latest"}), RELEASED, "production") == []


def test_the_image_of_a_released_service_that_is_not_built_must_stay_too() -> None:
    source = model(worker={"image": "nginx"})
    [said] = lint_model(source, RELEASED, "production", unbuilt=["worker"])
    assert said.startswith("services.worker.image: must have a tag or digest in production")
    assert lint_model(source, RELEASED, "production") == []


@pytest.mark.parametrize("image", ["x:1", "registry.example:5000/x:1", "x@sha256:" + "a" * 64])
def test_an_image_that_stays_is_fine(image: str) -> None:
    assert lint_model(model(mysql={"image": image}), RELEASED, "production") == []


@pytest.mark.parametrize(
    ("mount", "fault"),
    [
        (bind("/srv/src/web"), "is mounted from the source"),
        (bind("/srv/src/main.py"), "is mounted from the source"),
        (bind("/srv/src"), "holds the source"),
        (bind("/srv"), "holds the source"),
        (bind("/srv/data", read_only=False), "is a writable bind mount"),
        (bind("/srv/src/app.conf", read_only=False), "is a writable bind mount"),
    ],
)
def test_a_mount_over_code_or_of_unsaved_state_is_a_fault_where_customers_are(
    mount: Any, fault: str
) -> None:
    for environment, count in (("development", 0), ("staging", 1), ("production", 1)):
        faults = lint_model(model(worker=mount), RELEASED, environment)  # type: ignore[arg-type]
        assert len(faults) == count
        assert all(
            text.startswith("services.worker.volumes: /app/x ") and fault in text for text in faults
        )


TEAM = TeamFiles(
    Path("/srv/src"),
    (Written("./media", "/srv/src/media"), Written("./tmp", "/srv/src/tmp", "is made anew")),
    ("nginx/a.conf", "nginx/ssl/b.pem", "jobs/a.conf", "jobs/run.py"),
)


@pytest.mark.parametrize(
    ("source", "read_only"),
    [
        ("/srv/src/media", False),
        ("/srv/src/media/img", False),
        ("/srv/src/media", True),
        ("/srv/src/tmp", False),
    ],
)
def test_what_the_stack_file_names_may_be_written(source: str, read_only: bool) -> None:
    assert lint_model(model(worker=bind(source, read_only)), RELEASED, "production", TEAM) == []


@pytest.mark.parametrize(
    ("source", "read_only", "fault"),
    [
        (
            "/srv/src/uploads",
            False,
            "is a writable bind mount, and stack.yaml does not say what it is for. To have it saved and "
            "restored: `state: {files: [./uploads]}`. If it may be lost: "
            "`state: {scratch: [{path: ./uploads, reason: ...}]}`",
        ),
        ("/srv/src", False, "is mounted from a folder that holds the source"),
        ("/srv/shop", False, "`state: {files: [/srv/shop]}`"),
    ],
)
def test_what_it_does_not_name_is_refused_with_what_to_write(
    source: str, read_only: bool, fault: str
) -> None:
    [said] = lint_model(model(worker=bind(source, read_only)), RELEASED, "production", TEAM)
    assert fault in said


def test_a_folder_that_is_only_read_and_holds_what_is_written_is_refused() -> None:
    files = TeamFiles(
        Path("/srv/team"), (Written("./all/media", "/srv/team/all/media"),), ("all/a.conf",)
    )
    [said] = lint_model(model(worker=bind("/srv/team/all")), RELEASED, "production", files)
    assert (
        "holds ./all/media, which containers write: mount what is only read by itself, or name all of it"
        in said
    )


@pytest.mark.parametrize("source", ["/srv/team/certs", "/srv/team/certs/live"])
def test_what_one_container_writes_and_a_released_one_reads_is_named_or_refused(
    source: str,
) -> None:
    files, certbot = (
        TeamFiles(Path("/srv/team")),
        {"image": "certbot:1", **bind("/srv/team/certs", read_only=False)},
    )
    [said] = lint_model(model(worker=bind(source), certbot=certbot), RELEASED, "production", files)
    assert (
        "but ./certs is written by another container: to share it, `state: {files: [./certs]}`"
        in said
    )
    named = TeamFiles(Path("/srv/team"), (Written("./certs", "/srv/team/certs"),))
    assert (
        lint_model(model(worker=bind(source), certbot=certbot), RELEASED, "production", named) == []
    )


def test_a_folder_of_configuration_beside_the_source_is_told_from_one_of_code() -> None:
    assert lint_model(model(worker=bind("/srv/src/nginx")), RELEASED, "production", TEAM) == []
    [said] = lint_model(model(worker=bind("/srv/src/jobs")), RELEASED, "production", TEAM)
    assert "is mounted from the source: it hides what is in the image" in said


@pytest.mark.parametrize(
    "source", ["/srv/stack/app.conf", "/srv/src/config/app.conf", "/etc/ssl/certs"]
)
def test_a_config_file_may_be_mounted_read_only(source: str) -> None:
    assert lint_model(model(worker=bind(source)), RELEASED, "production") == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"redis": {"build": {"context": "/srv/redis"}, "image": None}},
            "services.redis.build: there is no repository to build it from",
        ),
        (
            {"backend-7": {"image": "acme/x:1"}},
            "services.backend-7: is the name that backend has in a slot",
        ),
        (
            {"redis": {"depends_on": {"worker": {}}}},
            "services.redis.depends_on.worker: is released",
        ),
        ({"worker": {"volumes_from": ["redis"]}}, "services.worker.volumes_from: ties"),
        ({"worker": {"pid": "service:redis"}}, "services.worker.pid: ties"),
        (
            {"worker": {"links": ["mysql:db"]}},
            "services.worker.links: mysql:db gives another name to a service outside",
        ),
    ],
)
def test_what_cannot_work_beside_another_slot_is_a_fault_everywhere(
    changes: Any, fault: str
) -> None:
    for environment in ("development", "staging", "production"):
        faults = lint_model(model(**changes), RELEASED, environment)
        assert [text[: len(fault)] for text in faults] == [fault]


def test_a_base_service_is_built_where_there_is_a_repository() -> None:
    for image in (None, "shop_redis"):
        source = model(redis={"build": {"context": "/srv/redis"}, "image": image})
        assert lint_model(source, RELEASED, "production", has_source=True) == []


def test_an_unknown_released_service_is_a_fault_and_hides_no_other() -> None:
    unknown, image = lint_model(model(mysql={"image": "mysql"}), ["backend", "web"], "production")
    assert unknown == "services.web: is not in the compose files"
    assert image.startswith("services.mysql.image: must have a tag or digest in production")


def test_a_service_that_cannot_run_beside_itself_is_refused_before_a_second_one_starts() -> None:
    source = model(worker={"network_mode": "host", "networks": {}})
    for environment in ("staging", "production"):
        faults = lint_model(source, RELEASED, environment)
        assert [
            fault
            for fault in faults
            if fault.startswith("services.worker") and "cannot run beside" in fault
        ]
