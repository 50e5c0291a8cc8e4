"""The twins in memory keep the contracts that their adapters keep."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.contracts.backups_contract import BackupsContract, KeptDatabase
from tests.contracts.base_contract import INPUTS, BaseServicesContract, Begun
from tests.contracts.edge_contract import EdgeContract
from tests.contracts.found_databases_contract import (
    TENANTS,
    FoundDatabasesContract,
    Tenants,
)
from tests.contracts.further_contract import FurtherContract, Team
from tests.contracts.images_contract import ImagesContract, Put
from tests.contracts.kept_ports_contract import KeptPortsContract
from tests.contracts.known_names_contract import KnownNamesContract, Neighbours
from tests.contracts.migrator_contract import MigratorContract, Moved, Version
from tests.contracts.places_contract import KeptPlace, PlacesContract
from tests.contracts.shared_names_contract import SharedNamesContract
from tests.contracts.slots_contract import RunOneOff, SlotsContract
from tests.world.base import MemoryBaseServices
from tests.world.compose import MemoryCompose
from tests.world.data import Content, MemoryHistory, MemoryMigrator
from tests.world.edge import MemoryEdge
from tests.world.engine import MemoryHost
from tests.world.forwarders import MemoryForwarders
from tests.world.images import MemoryImages
from tests.world.one_offs import run_one_off
from tests.world.saved import MemoryDatabaseCopies, MemoryVolumeCopies
from tests.world.sources import MemoryFurther
from tests.world.versions import VERSIONS, further_commit
from tests.world.world import BASE_IMAGE, World, model_of
from tidegate.backups.saved import PlacedDatabase
from tidegate.edge.facts import CalledBy, HostPort, Served, Target
from tidegate.facts import Slot
from tidegate.plan.image_labels import INPUTS_LABEL
from tidegate.stack.data import Database
from tidegate.stack.slot import edge_network_name

SPEC = Database(
    engine="mysql",
    service="db",
    host_key="DB_HOST",
    user_key="DB_USER",
    password_key="DB_PASSWORD",
    database_key="DB_NAME",
)


@pytest.fixture
def world() -> World:
    return World()


class TestMemoryEdge(EdgeContract, SharedNamesContract):
    @pytest.fixture
    def edge(self, refusing: Target) -> MemoryEdge:
        return MemoryEdge(refusing={refusing.url})

    @pytest.fixture
    def slots(self) -> tuple[Target, Target]:
        return Target(1, "http://one:8000"), Target(2, "http://two:8000")

    @pytest.fixture
    def refusing(self) -> Target:
        return Target(502, "http://three:8000")


class TestMemoryForwarders(KnownNamesContract, KeptPortsContract):
    @pytest.fixture
    def neighbours(self, world: World) -> Neighbours:
        edge, engine = MemoryEdge(), world.engine

        def call(one: CalledBy) -> Served | None:
            is_there = any(one.host in there for there in engine.forwarded.values())
            return edge.answering(one.host, "/ready") if is_there else None

        def start(network: str, name: str, project: str) -> str:
            engine.attached.setdefault(network, {})[name] = f"{project}-1"
            return f"{project}-1"

        @contextlib.contextmanager
        def hold(port: HostPort, taken_over: bool) -> Iterator[str]:
            fill = Slot("mill", {"services": {"web": {"image": BASE_IMAGE}}, "networks": {}})
            engine.images[BASE_IMAGE] = {}
            MemoryCompose(engine, model_of).up(fill)
            engine.ports["mill-web-1"] = frozenset({(port.address, port.port)})
            network = engine.attached.setdefault(edge_network_name("edge", "shop", "prod"), {})
            network.update({"web": "mill-web-1"} if taken_over else {})
            yield "mill-web-1"
            network.clear()
            engine.ports.clear()

        slots = Target(1, "http://one:8000"), Target(2, "http://two:8000")
        return Neighbours(
            MemoryForwarders(engine), edge, slots, 8000, ("back", "front"), call, start, hold
        )


class TestMemorySlots(SlotsContract):
    @pytest.fixture
    def compose(self, world: World) -> MemoryCompose:
        return MemoryCompose(world.engine, model_of)

    @pytest.fixture
    def host(self, world: World) -> MemoryHost:
        return MemoryHost(world.engine)

    @pytest.fixture
    def slot(self) -> Slot:
        service = {"image": BASE_IMAGE, "labels": {"tidegate.test": "one-prod-1"}}
        return Slot(
            "one-prod-1", {"services": {"web-1": service, "worker-1": service}, "networks": {}}
        )

    @pytest.fixture
    def run_one_off(self, world: World) -> RunOneOff:
        def run(slot: Slot, service: str) -> Callable[[], object]:
            name = run_one_off(world.engine, slot.project, service).name
            return lambda: world.engine.containers_by_name[name].started_at

        return run


class TestMemoryBaseServices(BaseServicesContract):
    @pytest.fixture
    def begun(self, world: World) -> Begun:
        world.edited["cache"] = {"image": BASE_IMAGE, "networks": {"default": None}}
        world.engine.images[BASE_IMAGE] = {INPUTS_LABEL: INPUTS}
        compose = MemoryCompose(world.engine, world.model)
        model = world.model("shop-prod")
        compose.up_base(model, "shop-prod", ["db", "cache"], {})
        world.edited["db"] = {"command": ["--max-connections=300"]}

        def volumes(container: str) -> frozenset[str]:
            [name] = [
                one.name for one in world.engine.containers_by_name.values() if one.id == container
            ]
            return frozenset(world.engine.volumes_mounted[name])

        def run(service: str) -> Callable[[], bool]:
            name = run_one_off(world.engine, "shop-prod", service).name
            return lambda: name in world.engine.containers_by_name

        return Begun(
            MemoryBaseServices(world.engine, compose),
            MemoryHost(world.engine),
            "shop-prod",
            model,
            world.model("shop-prod"),
            volumes,
            run,
        )


class TestMemoryImages(ImagesContract):
    @pytest.fixture
    def images(self, world: World) -> MemoryImages:
        return MemoryImages(world.engine, world.shelf)

    @pytest.fixture
    def repository(self) -> str:
        return "acme/other"

    @pytest.fixture
    def put(self, world: World, repository: str) -> Put:
        return lambda tag, version: world.shelf.push(f"{repository}:{tag}", VERSIONS[version])


class TestMemoryFurther(FurtherContract):
    @pytest.fixture
    def source(self) -> MemoryFurther:
        return MemoryFurther()

    @pytest.fixture
    def team(self, source: MemoryFurther) -> Team:
        def commit() -> str:
            names = [*VERSIONS]
            source.branch = names[names.index(source.branch) + 1]
            return further_commit(source.branch).sha

        return Team(commit, lambda version: source.tags.update({version: source.branch}))


class TestMemoryBackups(BackupsContract):
    @pytest.fixture
    def kept(self, world: World) -> KeptDatabase:
        MemoryCompose(world.engine, model_of).up_base(
            model_of("shop-prod"), "shop-prod", ["db"], {}
        )
        database, backups = world.databases.of("shop-prod"), world.backups_of("shop-prod")
        database.content = Content("0001", {"bills": 2})

        def pay() -> None:
            database.content = Content("0001", {"bills": database.content.rows["bills"] + 1})

        return KeptDatabase(
            backups,
            MemoryDatabaseCopies(backups),
            database,
            PlacedDatabase(SPEC, "shop-prod-db-1", {}),
            BASE_IMAGE,
            pay,
        )


class TestMemoryBackupsElsewhere(BackupsContract):
    """The same of a database that no container of the engine runs."""

    @pytest.fixture
    def kept(self, world: World) -> KeptDatabase:
        spec = Database.model_validate(
            {**SPEC.model_dump(), "service": None, "client_image": BASE_IMAGE}
        )
        backups = world.backups_of("shop-prod")
        at = PlacedDatabase(spec, "", {"DB_HOST": "db.example", "DB_NAME": "shop"})
        database = world.databases.as_owner(at)
        database.content = Content("0001", {"bills": 2})

        def pay() -> None:
            database.content = Content("0001", {"bills": database.content.rows["bills"] + 1})

        return KeptDatabase(backups, MemoryDatabaseCopies(backups), database, at, BASE_IMAGE, pay)


class TestMemoryFoundDatabases(FoundDatabasesContract):
    @pytest.fixture
    def tenants(self, world: World) -> Tenants:
        project, found = "shop-prod", world.databases.found
        MemoryCompose(world.engine, model_of).up_base(model_of(project), project, ["db"], {})
        spec = Database.model_validate(
            {**SPEC.model_dump(), "name": "tenants", "database_key": None, "pattern": "ten*"}
        )

        def make(name: str, bills: int) -> None:
            world.databases.make(project, name, Content(None, {"bills": bills}))

        for name, bills in TENANTS.items():
            make(name, bills)
        backups = world.backups_of(project)
        return Tenants(
            world.databases,
            backups,
            MemoryDatabaseCopies(backups),
            PlacedDatabase(spec, "shop-prod-db-1", {}),
            BASE_IMAGE,
            make,
            lambda name: found[project, name].drop(),
            lambda name: make(name, found[project, name].content.rows["bills"] + 1),
            "",
        )


class TestMemoryPlaces(PlacesContract):
    @pytest.fixture
    def place(self, world: World) -> KeptPlace:
        path, volumes, backups = (
            "/srv/shop/media",
            world.engine.volumes,
            world.backups_of("shop-prod"),
        )
        volumes[path] = "first"
        return KeptPlace(
            backups,
            MemoryVolumeCopies(backups),
            path,
            BASE_IMAGE,
            lambda text: volumes.update({path: text}),
            lambda: volumes[path],
        )


class TestMemoryMigrator(MigratorContract):
    @pytest.fixture
    def moved(self, world: World) -> Moved:
        MemoryCompose(world.engine, model_of).up_base(
            model_of("shop-prod"), "shop-prod", ["db"], {}
        )
        database = world.databases.of("shop-prod")

        def version(head: str) -> Version:
            return Version(
                MemoryHistory("main", head),
                MemoryMigrator(world.engine, database, "prod/shop/1/migrate", head),
            )

        return Moved(
            version("0002"),
            version("0003"),
            database.schema_state,
            lambda: database.content.revision,
        )
