"""What two environments of one host cannot have both."""

from __future__ import annotations

from typing import Any

from tidegate.plan.host_claims import host_claims

VOLUMES = {
    "geoip": {"external": True, "name": "geoip"},
    "uploads": {"name": "shop_uploads"},
    "own": {"name": "shop-prod_own"},
}


def volume(source: str, **how: Any) -> dict[str, Any]:
    return {"type": "volume", "source": source, "target": f"/{source}", **how}


def taken(web: list[dict[str, Any]], other: list[dict[str, Any]]) -> list[str]:
    services = {"web": {"volumes": web}, "other": {"volumes": other}}
    model = {"name": "shop-prod", "services": services, "volumes": VOLUMES}
    return [one.what for one in host_claims(model, ["web"])]


def test_a_volume_that_is_only_read_may_be_read_by_two() -> None:
    reads = [volume("geoip", read_only=True)]
    assert taken(reads, reads) == []
    assert taken([], [volume("geoip")]) == ["the volume geoip"]


def test_a_volume_of_one_name_into_which_a_released_service_writes_is_taken() -> None:
    assert taken([volume("uploads"), volume("own")], []) == ["the volume shop_uploads"]
