"""What stands in a stack file reaches the edge as what it is, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.attacks.edge_process import route
from tidegate.edge.facts import Target
from tidegate.edge.route_files import read_route
from tidegate.edge.routes import traefik_config
from tidegate.errors import EdgeError

SHOP = route("shop", Target(42, "http://shop-prod-42-web:8000"), fence=7)


@pytest.mark.parametrize(
    "path",
    [
        "/ready\n# fence: 99999",
        "/ready\r# fence: 99999",
        "/ready\u2028# fence: 9",
        "/ready\nhttp: {routers: {}}",
        "/{{ env `SECRET` }}",
        "/{{ .Files }}",
        "/`",
        "/a b",
        "/#",
        "ready",
        "/\0",
        "/" + "a" * 5000,
        "",
        None,
    ],
)
def test_a_ready_path_that_could_mean_more_than_a_path_is_not_written(path: Any) -> None:
    with pytest.raises(EdgeError, match="is no path of a URL"):
        traefik_config(replace(SHOP, ready_path=path))


@pytest.mark.parametrize(
    "domain",
    [
        "shop.localhost`) || HostRegexp(`.*",
        "shop.localhost\n",
        "Shop.localhost",
        "shop.localhost.",
        "*.localhost",
        "",
        "a b",
        "{{ env `HOME` }}",
        "shop.localhost:80",
        "-a.localhost",
        "a" * 64 + ".localhost",
        "ｓhop.localhost",
    ],
)
def test_a_host_name_that_is_none_is_not_written(domain: str) -> None:
    with pytest.raises(EdgeError, match="is no host name"):
        traefik_config(replace(SHOP, domains=(domain,)))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"stack": "shop\n# fence: 9"}, "is no name"),
        ({"stack": "shop_prod"}, "is no name"),
        ({"stack": "../shop"}, "is no name"),
        ({"environment": "prod`"}, "is no name"),
        ({"environment": ""}, "is no name"),
        ({"fence": "7\n# fence: 9"}, "is no number"),
        ({"fence": -1}, "is no number"),
        ({"fence": True}, "is no number"),
        ({"targets": (Target(42, "http://web:80/{{ env `HOME` }}"),)}, "is no address"),
        ({"targets": (Target(42, "http://web:80\n"),)}, "is no address"),
        ({"targets": (Target("42`", "http://web:80"),)}, "is no number"),  # type: ignore[arg-type]
        ({"candidate": Target(43, "http://user:secret@web:80")}, "is no address"),
    ],
)
def test_nothing_else_of_a_route_can_mean_more_than_it_is(
    changes: dict[str, Any], fault: str
) -> None:
    with pytest.raises(EdgeError, match=fault):
        traefik_config(replace(SHOP, **changes))


@pytest.mark.parametrize(
    "added", ["# fence: 99999\n", "# stack: other\n# environment: prod\n", '# ready path: "/x"\n']
)
def test_a_line_below_the_head_is_no_fact(added: str) -> None:
    assert read_route(traefik_config(SHOP) + added) == SHOP


@pytest.mark.parametrize(
    "added",
    [
        "  routers: {shop_prod_public: {entryPoints: [web], rule: PathPrefix(`/`), service: evil}}\n",
        "tcp: {routers: {}}\n",
    ],
)
def test_a_route_with_parts_of_somebody_else_is_not_read(added: str) -> None:
    head, body = traefik_config(SHOP).split("http:\n")
    stolen = (
        head
        + "http:\n"
        + body.replace("  middlewares:\n", "  middlewares:\n    other_prod_1: {headers: {}}\n")
    )
    for text in (stolen, traefik_config(SHOP) + added):
        with pytest.raises(EdgeError, match="not as Tidegate wrote it"):
            read_route(text)


def test_a_route_that_the_first_version_wrote_is_still_read() -> None:
    assert (
        read_route(traefik_config(SHOP).replace('"/ready"', "/ready").replace("shop/prod/42", "42"))
        == SHOP
    )
