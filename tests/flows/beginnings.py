"""States of the installation in which a story begins."""

from __future__ import annotations

from collections.abc import Callable

from flows.adopt import adopt
from flows.release import release
from flows.rollback import rollback
from flows.watch import watch
from tests.flows.asking import ADOPTION, ROLLBACK, answering, asked
from tests.flows.installation import Installation, Kept, write_stack
from tests.world.by_hand import MemoryHandStarted, start_by_hand
from tests.world.compose import MemoryCompose
from tests.world.data import Content
from tests.world.sources import MemoryFurther
from tests.world.world import BASE_IMAGE, model_of

TENANTS = """  - {name: tenants, engine: mysql, service: db, host_key: DB_HOST, user_key: DB_USER,
     password_key: DB_PASSWORD, pattern: "ten_*"}
"""
FURTHER = """dockerfile: Dockerfile,
         further: {workers: {repository: ../workers, folder: ../workers%s}}}"""
HISTORY = """{tool: command, service: web, database: tenants, directory: /app,
  state: SELECT name FROM steps, has: [steps], up: [sh, -c, 'steps up "$TIDEGATE_DATABASE"']}"""


def remove_slots(made: Installation) -> None:
    """Somebody has removed the stopped containers of production."""
    engine = made.world.engine
    for one in list(engine.containers_by_name.values()):
        if one.state == "exited" and one.labels.get("tidegate.environment") == "prod":
            del engine.containers_by_name[one.name]
            engine.moments.made.pop(f"container {one.name}", None)


def cut_short(what: str) -> Callable[[Installation], None]:
    """A release of v1.1.0 whose process was killed right after this change."""

    def prepare(made: Installation) -> None:
        kept: list[Kept] = []
        made.world.moments.after_change = lambda told: (
            kept.append(made.keep(told)) if told.endswith(what) else None
        )
        made.prefect.answer = answering("approve")
        made.prefect.start(release, **asked("v1.1.0"))
        made.begin_from(kept[0])

    return prepare


def add_routes(made: Installation) -> None:
    """The stack file has `routes` from now on."""
    write_stack(made.home.parent, with_staging=False, with_routes=True)


def release_with_routes(made: Installation) -> None:
    add_routes(made)
    made.prefect.start(release, **asked("v1.1.0"))


def offer_the_name(made: Installation) -> None:
    """The shop is released as one that lets a blog come to its host name."""
    write_stack(made.home.parent, with_staging=False, with_blog=True)
    made.prefect.start(release, **asked("v1.0.1"))


def share_the_name(made: Installation) -> None:
    """And the blog has come."""
    offer_the_name(made)
    made.prefect.start(release, **asked("v1.0.0", stack="blog"))


def run_by_hand(made: Installation, version: str = "v1.0.0") -> None:
    """The team has started a version itself, with three bills in its database."""
    start_by_hand(made.world.engine, model_of("shop-prod"), version)
    made.world.databases.of("shop-prod").content = Content("0001", {"bills": 3})


def take_over(made: Installation) -> None:
    run_by_hand(made)
    made.prefect.start(adopt, **ADOPTION)


def release_over_it(made: Installation) -> None:
    take_over(made)
    made.prefect.start(release, **asked("v1.1.0"))


def release_and_remove_by_hand(made: Installation) -> None:
    """Somebody has removed the stopped containers of the takeover."""
    release_over_it(made)
    remove_containers(made, "web", "worker", "beat")


def remove_containers(made: Installation, *services: str) -> None:
    """As `docker rm` does it to those that the team started."""
    for name in (f"shop-prod-{service}-1" for service in services):
        del made.world.engine.containers_by_name[name]
        made.world.moments.made.pop(f"container {name}", None)


def make_worker_a_job(made: Installation) -> None:
    """The worker ends when it has done its work."""
    made.world.edited["worker"] = {"restart": "no"}


def run_without_job(made: Installation) -> None:
    """By hand as ever, but for the job: there is no container of it."""
    make_worker_a_job(made)
    run_by_hand(made)
    remove_containers(made, "worker")


def edit_database(**changes: object) -> Callable[[Installation], None]:
    """The team writes something else about its database into the compose file."""
    return lambda made: made.world.edited.update(db=changes)


def build_database(made: Installation) -> None:
    """The team's database is built from a folder of its repository, and has no other image."""
    context = str(made.home.parent / "stacks" / "shop" / "db")
    edit_database(image=None, build={"context": context, "dockerfile": "Dockerfile"})(made)


def release_another_dockerfile(*versions: str) -> Callable[[Installation], None]:
    """The last of these versions has another file for its database, which was built of the
    first."""

    def prepare(made: Installation) -> None:
        build_database(made)
        made.prefect.answer = answering("approve")
        for version in versions:
            made.prefect.start(release, **asked(version))

    return prepare


def build_worker_elsewhere(made: Installation, *, branch: str | None = None) -> None:
    """The worker comes from a repository of its own, which has a tag for v1.0.0 and v1.0.1."""
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    followed = f", branch: {branch}" if branch else ""
    file.write_text(file.read_text().replace("dockerfile: Dockerfile}", FURTHER % followed, 1))
    context = str(file.parent.parent / "workers")
    made.world.edited["worker"] = {"build": {"context": context, "dockerfile": "Dockerfile"}}
    tags = {} if branch else {name: name for name in ("v1.0.0", "v1.0.1")}
    made.world.further["workers"] = MemoryFurther(tags)


def edit_what_was_taken_over(made: Installation) -> None:
    take_over(made)
    edit_database(command=["--max-connections=300"])(made)


def edit_cache(made: Installation) -> None:
    """A cache on which no released service depends runs already, and its file says otherwise
    now."""
    world = made.world
    world.edited["cache"] = {"image": BASE_IMAGE, "networks": {"default": None}}
    compose = MemoryCompose(world.engine, world.model)
    compose.up_base(world.model("shop-prod"), "shop-prod", ["cache"], {})
    world.edited["cache"] = {**world.edited["cache"], "command": ["--maxmemory=64mb"]}


def give_back(made: Installation) -> None:
    """As the manual says: the team's containers run again, and nothing of Tidegate is there."""
    release_over_it(made)
    engine = made.world.engine
    MemoryCompose(engine, model_of).remove("shop-prod-2")
    MemoryHandStarted(engine).start([one.id for one in engine.of("shop-prod")])
    made.world.edge.remove("shop", "prod")


def look_in_vain(made: Installation) -> None:
    """The edge is away, and one look has seen it: the next one says so."""
    made.world.visitors.is_away = True
    made.prefect.start(watch, stack="shop")


def roll_back(made: Installation) -> None:
    made.prefect.start(rollback, **ROLLBACK)


def without_registry(made: Installation) -> None:
    """The old containers are gone too: only the images that were pulled are there."""
    remove_slots(made)
    made.world.shelf.is_away = True


def find_tenants(made: Installation, *names: str) -> None:
    """The stack file has a pattern from now on, and the server these databases with one bill
    each."""
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    text = file.read_text().replace("migrations: [", f"{TENANTS}migrations: [", 1)
    file.write_text(text.replace("databases: [main]", "databases: [main, tenants]", 1))
    for name in names:
        made.world.databases.make("shop-prod", name, Content(None, {"bills": 1}))


def save_tenants(made: Installation) -> None:
    """A release has saved three. Since then each has got a bill, one was dropped, one came."""
    find_tenants(made, "ten_a", "ten_b", "ten_c")
    made.prefect.start(release, **asked("v1.1.0"))
    databases = made.world.databases
    for name in ("ten_a", "ten_c", "ten_later"):
        databases.make("shop-prod", name, Content(None, {"bills": 2}))
    databases.found["shop-prod", "ten_b"].drop()


def migrate_tenants(made: Installation) -> None:
    """Three have a schema history, and are where the version that serves needs them."""
    find_tenants(made)
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    file.write_text(file.read_text().replace("directory: /app}]", f"directory: /app}}, {HISTORY}]"))
    for name in ("ten_a", "ten_b", "ten_c"):
        made.world.databases.make("shop-prod", name, Content("0001", {"bills": 1}))
