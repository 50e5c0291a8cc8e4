"""What every engine of base services must do. A suite gives `begun`: a base project that runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidegate.facts import PROJECT_LABEL, ComposeModel, ContainerFacts
from tidegate.plan.base_changes import CONFIG_HASH_LABEL, BaseServices
from tidegate.plan.image_labels import INPUTS_LABEL
from tidegate.ports import ContainerHost
from tidegate.stack.base_builds import with_images

KEY = "prod/shop/2/put-base-back"
INPUTS = "of-its-files"


@dataclass(frozen=True)
class Begun:
    """Two services, `db` and `cache`, that were started as `model` says, of an image that says the
    `INPUTS` that it was built with."""

    base: BaseServices
    host: ContainerHost
    project: str
    model: ComposeModel
    changed: ComposeModel
    """The same with another definition of `db`."""
    volumes: Callable[[str], frozenset[str]]
    """Of a container, by its id."""
    run_one_off: Callable[[str], Callable[[], bool]]
    """`docker compose run` of a service, to its end. Returns what says whether that container is
    there."""

    def of(self, service: str) -> ContainerFacts:
        there = self.host.containers({PROJECT_LABEL: self.project})
        [only] = [one for one in there if one.service == service]
        return only

    @property
    def before(self) -> dict[str, str]:
        return {"db": self.of("db").id}


class BaseServicesContract:
    def test_what_was_started_is_called_so_by_compose(self, begun: Begun) -> None:
        hashes = begun.base.hashes(begun.model, begun.project, {})
        for service in ("db", "cache"):
            assert begun.of(service).labels[CONFIG_HASH_LABEL] in hashes[service]

    def test_a_container_bears_the_labels_of_its_image(self, begun: Begun) -> None:
        """By them it is seen from which files a base service was built."""
        assert begun.of("db").labels[INPUTS_LABEL] == INPUTS

    def test_an_image_that_was_built_here_stands_for_the_one_that_is_not_named(
        self, begun: Begun
    ) -> None:
        unnamed = {
            name: {
                **{key: value for key, value in service.items() if key != "image"},
                "build": {"context": "/nowhere"},
            }
            for name, service in begun.model["services"].items()
        }
        model, image = {**begun.model, "services": unnamed}, begun.of("db").image_id
        begun.base.recreate(with_images(model, {"db": image}), begun.project, begun.before)
        hashes = begun.base.hashes(model, begun.project, {"db": image})
        assert begun.of("db").labels[CONFIG_HASH_LABEL] in hashes["db"]
        others = begun.base.hashes(model, begun.project, {"db": "sha256:" + 64 * "0"})
        assert begun.of("db").labels[CONFIG_HASH_LABEL] not in others["db"]

    def test_another_definition_is_called_otherwise_and_the_others_are_not(
        self, begun: Begun
    ) -> None:
        hashes = begun.base.hashes(begun.changed, begun.project, {})
        assert begun.of("db").labels[CONFIG_HASH_LABEL] not in hashes["db"]
        assert begun.of("cache").labels[CONFIG_HASH_LABEL] in hashes["cache"]

    def test_only_what_is_named_is_made_anew_on_the_volumes_of_before(self, begun: Begun) -> None:
        db, cache, before = begun.of("db"), begun.of("cache"), begun.volumes(begun.of("db").id)
        begun.base.recreate(begun.changed, begun.project, begun.before)
        new = begun.of("db")
        assert new.id != db.id
        assert new.name == db.name
        assert new.state == "running"
        assert begun.volumes(new.id) == before != frozenset()
        hashes = begun.base.hashes(begun.changed, begun.project, {})
        assert new.labels[CONFIG_HASH_LABEL] in hashes["db"]
        assert begun.of("cache") == cache

    def test_made_anew_again_it_stays(self, begun: Begun) -> None:
        before = begun.before
        begun.base.recreate(begun.changed, begun.project, before)
        new = begun.of("db")
        begun.base.recreate(begun.changed, begun.project, before)
        assert begun.of("db").id == new.id

    def test_what_ran_before_runs_again_as_it_was(self, begun: Begun) -> None:
        old, before = begun.of("db"), begun.volumes(begun.of("db").id)
        kept = begun.base.keep([old.id])
        begun.base.recreate(begun.changed, begun.project, begun.before)
        begun.base.put_back(kept, KEY)
        back = begun.of("db")
        assert (back.name, back.image_id, back.state) == (old.name, old.image_id, "running")
        assert back.labels[CONFIG_HASH_LABEL] == old.labels[CONFIG_HASH_LABEL]
        assert begun.volumes(back.id) == before
        begun.base.put_back(kept, KEY)
        assert begun.of("db").id == back.id

    def test_where_nothing_was_made_anew_nothing_is_put_back(self, begun: Begun) -> None:
        old = begun.of("db")
        begun.base.put_back(begun.base.keep([old.id]), KEY)
        assert begun.of("db").id == old.id

    def test_what_compose_run_has_left_is_nobody_to_be_replaced(self, begun: Begun) -> None:
        """Neither a new container nor the one of before takes its place."""
        is_there = begun.run_one_off("db")
        old = begun.of("db")
        kept = begun.base.keep([old.id])
        begun.base.recreate(begun.changed, begun.project, begun.before)
        assert begun.of("db").id != old.id
        begun.base.put_back(kept, KEY)
        assert begun.of("db").name == old.name
        assert is_there()
