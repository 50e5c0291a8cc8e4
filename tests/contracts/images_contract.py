"""What every store of images must do with those of others. A suite gives `images`, `repository`,
and `put`, by which somebody puts the image of a version under a tag of that repository."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegate.errors import RegistryError
from tidegate.plan.image_labels import OCI
from tidegate.ports import ImageStore

Put = Callable[[str, str], object]
"""Tag and version."""


class ImagesContract:
    def test_a_tag_is_looked_up_as_a_digest_and_pulled_by_it(
        self, images: ImageStore, repository: str, put: Put
    ) -> None:
        put("1", "v1.0.0")
        pin = images.look_up(f"{repository}:1")
        assert pin.startswith(f"{repository}@sha256:")
        assert images.labels(pin) is None
        images.ensure(pin)
        labels = images.labels(pin)
        assert labels is not None
        assert labels[f"{OCI}version"] == "v1.0.0"

    def test_a_tag_that_was_moved_leads_elsewhere_and_its_old_digest_does_not(
        self, images: ImageStore, repository: str, put: Put
    ) -> None:
        put("1", "v1.0.0")
        before = images.look_up(f"{repository}:1")
        put("1", "v1.0.1")
        after = images.look_up(f"{repository}:1")
        for pin in (before, after):
            images.ensure(pin)
        assert [(images.labels(pin) or {})[f"{OCI}version"] for pin in (before, after)] == [
            "v1.0.0",
            "v1.0.1",
        ]

    def test_a_tag_that_nobody_pushed_is_refused_for_good(
        self, images: ImageStore, repository: str, put: Put
    ) -> None:
        put("1", "v1.0.0")
        with pytest.raises(RegistryError) as caught:
            images.look_up(f"{repository}:2")
        assert not caught.value.retryable

    def test_what_is_not_on_the_host_has_no_id_there(
        self, images: ImageStore, repository: str
    ) -> None:
        assert images.id_of(f"{repository}:1") is None

    def test_what_is_forgotten_is_gone_and_can_be_had_again(
        self, images: ImageStore, repository: str, put: Put
    ) -> None:
        put("1", "v1.0.0")
        put("2", "v1.0.1")
        pins = [images.look_up(f"{repository}:{tag}") for tag in ("1", "2")]
        for pin in pins:
            images.ensure(pin)
        assert images.forget({pins[0]: ["v1.0.0"]}) == pins[:1]
        assert [images.labels(pin) is None for pin in pins] == [True, False]
        assert images.forget({pins[0]: ["v1.0.0"]}) == []
        images.ensure(pins[0])
        assert images.labels(pins[0]) is not None
