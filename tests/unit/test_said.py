"""What stack.yaml says of compose files, so that these stay as their team wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.test_stackfile import SAMPLE
from tidegate.errors import StackFileError
from tidegate.stack.env_files import env_files_of, given_own, own_paths, without_own
from tidegate.stack.file import Stack
from tidegate.stack.one_shots import one_shots
from tidegate.stack.said import as_said
from tidegate.stack.variables import filled

FOLDER = Path("/srv/lens")
VALUES = {"CONFIG": "/srv/lens/"}
MODEL: dict[str, Any] = {
    "services": {
        "backend": {
            "container_name": "lens-backend",
            "ports": [{"target": 8000, "published": "8000"}],
            "volumes": [
                {"type": "bind", "source": "/srv/lens/src", "target": "/app"},
                {"type": "bind", "source": "/srv/lens/lens.conf", "target": "/etc/lens.conf"},
            ],
        },
        "mysql": {
            "container_name": "lens-mysql",
            "ports": [{"target": 3306, "published": "3306"}],
            "networks": {"default": None, "data": {"aliases": ["db"]}},
        },
        "chown": {"healthcheck": {"disable": True}},
    }
}


def stack(**more: Any) -> Stack:
    content = yaml.safe_load(SAMPLE)
    content["services"][0] |= more.pop("service", {})
    content["state"] |= more.pop("state", {})
    content["environments"]["prod"] |= more.pop("prod", {})
    return Stack.model_validate({**content, **more}).model_copy(update={"folder": FOLDER})


def said(**more: Any) -> dict[str, Any]:
    services: dict[str, Any] = as_said(MODEL, stack(**more), "prod", VALUES)["services"]
    return services


def test_what_stack_yaml_does_not_name_stays_as_the_compose_files_say_it() -> None:
    assert said() == MODEL["services"]


def test_a_developers_folder_is_not_mounted() -> None:
    found = said(service={"not_mounted": ["/app"]})["backend"]["volumes"]
    assert [one["target"] for one in found] == ["/etc/lens.conf"]


@pytest.mark.parametrize("named", ["./lens.conf", "${CONFIG}/lens.conf", "/srv/lens/lens.conf"])
def test_what_is_only_read_is_mounted_so(named: str) -> None:
    found = said(state={"read_only": [named]})["backend"]["volumes"]
    assert [one.get("read_only", False) for one in found] == [False, True]


def test_the_hosts_time_zone_is_read_and_never_written() -> None:
    clock = {"type": "bind", "source": "/etc/localtime", "target": "/etc/localtime"}
    model = {"services": {**MODEL["services"], "cron": {"volumes": [clock]}}}
    assert as_said(model, stack(), "prod", VALUES)["services"]["cron"]["volumes"] == [
        {**clock, "read_only": True}
    ]


def test_a_service_that_stack_yaml_calls_a_one_shot_is_one() -> None:
    services = said(one_shots=["chown"])
    assert one_shots({"services": services}, ("mysql", "backend")) == {"chown"}


def test_beside_another_environment_a_base_service_takes_neither_name_nor_port_of_the_host() -> (
    None
):
    services = said(prod={"shares_host": True})
    assert services["mysql"] == {
        "networks": {
            "default": {"aliases": ["lens-mysql"]},
            "data": {"aliases": ["db", "lens-mysql"]},
        }
    }
    assert services["backend"] == MODEL["services"]["backend"]


def test_what_names_nothing_is_refused_with_its_path() -> None:
    more: dict[str, Any] = {
        "service": {"not_mounted": ["/code"]},
        "state": {"read_only": ["./x.conf", "${UNKNOWN}/lens.conf", "/srv/lens"]},
        "one_shots": ["seed"],
    }
    with pytest.raises(StackFileError) as raised:
        said(**more)
    assert raised.value.came_back == (
        "services[0].not_mounted: nothing is mounted at /code in backend; "
        "state.read_only[0]: ./x.conf is mounted by no service of the compose files; "
        "state.read_only[1]: the env file has no value for ${UNKNOWN}/lens.conf; "
        "state.read_only[2]: /srv/lens is mounted by no service of the compose files; "
        "one_shots[0]: seed is not in the compose files"
    )


# --- `env_file:` that means the environment's own file ---


def written(*entries: object, **environment: object) -> dict[str, Any]:
    return {"services": {"web": {"env_file": [*entries], "environment": environment}, "db": {}}}


OWN = own_paths(FOLDER, [".env"])


@pytest.mark.parametrize(
    "named", ["/srv/lens/.env", {"path": "/srv/lens/.env"}, "/srv/lens/${ENV_FILE:-.env}"]
)
def test_an_own_file_is_taken_out_of_the_list_however_it_is_written(named: object) -> None:
    over = without_own(written("/srv/lens/common.env", named), OWN, {})
    assert over == (
        'services:\n  "web": {env_file: !override [{"path": "/srv/lens/common.env"}]}\n'
    )


def test_where_no_service_names_it_nothing_is_laid_over() -> None:
    assert without_own(written("/srv/lens/common.env"), OWN, {}) == ""


@pytest.mark.parametrize(
    ("entries", "other"), [([".env", "b.env"], "b"), (["b.env", ".env"], "own")]
)
def test_values_come_in_the_order_in_which_compose_reads_the_files(
    entries: list[str], other: str
) -> None:
    files = written(*(f"/srv/lens/{one}" for one in entries), SAID="here")
    model = {"services": {"web": {"environment": {"SAID": "here", "OTHER": "b"}}, "db": {}}}
    values = {"SAID": "own", "OTHER": "own", "MORE": "own"}
    found = given_own(model, files, OWN, values)["services"]
    assert found["web"]["environment"] == {"SAID": "here", "OTHER": other, "MORE": "own"}
    assert found["db"] == {}


def test_a_path_with_a_default_is_the_file_that_compose_reads() -> None:
    service = {"env_file": ["/srv/lens/${ENV_FILE:-.env}", "/srv/lens/${A}"]}
    assert env_files_of(service, {}) == ["/srv/lens/.env", "/srv/lens/${A}"]
    assert env_files_of(service, {"ENV_FILE": "prod.env", "A": "/etc/a"}) == [
        "/srv/lens/prod.env",
        "/etc/a",
    ]


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("${A:-b}", "b"),
        ("${E:-b}", "b"),
        ("${E-b}", ""),
        ("${E:+b}", ""),
        ("${V:+b}", "b"),
        ("${V:-b}$V", "vv"),
        ("${A:-${V}}", "v"),
        ("$$A", "$$A"),
        ("${A}", "${A}"),
        ("${V:?why}", "v"),
    ],
)
def test_variables_are_put_in_as_compose_does_it(text: str, means: str) -> None:
    assert filled(text, {"V": "v", "E": ""}) == means
