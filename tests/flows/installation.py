"""Tidegate in a world in memory: real stack files, ledger, locks, journal and seals; nothing else
is real."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger
from prefect.tasks import Task
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

import tasks.frame.runs
import tasks.people.acceptance
from tasks.frame import adapters
from tasks.frame.step import StepTask
from tasks.frame.work import Work
from tests.flows.prefect_memory import MemoryPrefect, call_task
from tests.unit.ledger_parts import ledger_url
from tests.world.moments import watched
from tests.world.world import World
from tidegate.ledger import Ledger, Step, store
from tidegate.ledger.journal import Journal
from tidegate.settings import Settings

STACK = """
name: shop
title: Shop
SERVICES
databases:
  - {name: main, engine: mysql, service: db, host_key: DB_HOST, user_key: DB_USER, password_key: DB_PASSWORD,
     database_key: DB_NAME}
migrations: [{tool: alembic, service: web, database: main, directory: /app}]
state: {databases: [main], volumes: [uploads], files: ["${MEDIA}"], keep: 3}
smoke: [{name: home, path: /}]
smoke_repeat_seconds: 0
watch: {seconds: 0}
notify: [team]
environments:
  prod: {kind: production, compose_files: [compose.yaml], env_file: .env, domains: [shop.test], image_alias: latest,
         drain_seconds: 0, approval: APPROVAL}
"""
STAGING = """  staging: {kind: staging, compose_files: [compose.yaml], env_file: .env.staging, domains: [staging.shop.test],
            image_alias: staging, drain_seconds: 0}
"""
BUILT = """source: {repository: ., dockerfile: Dockerfile}
services:
  - {name: web, image: acme/web, port: 8000, ready_path: /ready, connection_pool: 5, start_budget_seconds: 1}
  - {name: worker, image: acme/worker, connection_pool: 5}
  - {name: beat, image: acme/beat, connection_pool: 1, alone: true}
"""
FOUND = """services:
  - {name: web, image: acme/web, tag: "{version}", port: 8000, ready_path: /ready, connection_pool: 5,
     start_budget_seconds: 1}
  - {name: worker, image: acme/worker, tag: "9", connection_pool: 5}
  - {name: beat, image: acme/worker, tag: "9", connection_pool: 1, alone: true}
"""
"""All images are made by others; only one of them goes with the version."""
WORKER = "{name: worker, image: acme/worker, connection_pool: 5}"
ROUTES = """routes:
  - {path: /, service: web}
  - {path: /api, service: worker, sticky: true}
  - {path: /live, service: worker, port: 9001}
  - {path: /, service: worker, domains_of: admin}
"""
SHARED = "image_alias: latest, shares_names_with: [{}],"
BLOG = """routes:
  - {path: /blog, service: web}
"""
LONG_AGO = "2026-01-01 00:00:00.000000"
ENV = "DB_HOST=db\nDB_USER=shop\nDB_PASSWORD=a-long-password-of-no-meaning\nDB_NAME=shop\nMEDIA=/srv/{}\n"


@dataclass(frozen=True)
class Kept:
    """A state of the whole installation, to begin again from."""

    what: str
    """The change after which it was put away."""
    folder: Path
    """Tidegate's home and the team's stacks, each under its name."""
    world: World
    prefect: MemoryPrefect


@dataclass
class Installation:
    """Everything that one test has. `world` is what is outside."""

    home: Path
    world: World = field(default_factory=World)
    prefect: MemoryPrefect = field(default_factory=MemoryPrefect)
    _engines: dict[str, Engine] = field(default_factory=dict)
    _kept: int = 0

    @property
    def ledger(self) -> Ledger:
        return Ledger(Settings().database_url)

    def keep(self, what: str = "") -> Kept:
        """Put a copy away, as it would be found if the process were killed now."""
        self._kept += 1
        folder = self.home.with_name(f"kept-{self._kept}")
        for one in self._folders():
            shutil.copytree(one, folder / one.name, ignore=shutil.ignore_patterns("*-shm"))
        return Kept(what, folder, self.world.again(), self.prefect.again())

    def begin_from(self, kept: Kept) -> None:
        """Be as it was then; whoever held a lock has been silent since."""
        self.close()
        for one in self._folders():
            shutil.rmtree(one)
            shutil.copytree(kept.folder / one.name, one)
        self.world, self.prefect = kept.world.again(), kept.prefect.again()
        with closing(sqlite3.connect(self.home / "ledger.db")) as ledger:
            ledger.execute("UPDATE locks SET heartbeat_at = ?", (LONG_AGO,))
            ledger.commit()

    def _folders(self) -> tuple[Path, Path]:
        return self.home, self.home.with_name("stacks")

    def engine(self, url: str) -> Engine:
        """One for each ledger, which does not wait for the disk."""
        if url not in self._engines:
            self._engines[url] = _open_engine(url)
            event.listen(self._engines[url], "connect", _never_wait_for_the_disk)
        return self._engines[url]

    def close(self) -> None:
        """Let the ledger's file go."""
        for engine in self._engines.values():
            engine.dispose()


_open_engine, _begin_step, _real_sleep = store.open_engine, Journal.begin, time.sleep


def _never_wait_for_the_disk(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def _sleep(seconds: float) -> None:
    """A step waits for nothing here; whoever else sleeps in this process, such as the test runner,
    does."""
    if not sys._getframe(1).f_globals["__name__"].startswith("tasks."):
        _real_sleep(seconds)


def write_stack(
    folder: Path,
    *,
    with_staging: bool,
    with_routes: bool = False,
    is_built: bool = True,
    in_place: bool = False,
    with_blog: bool = False,
) -> None:
    """With staging, a person is asked before production; without, production is all there is and
    nobody is asked. With routes, the worker has doors too. In place, the web never runs twice. With
    a blog, a second stack has paths at the shop's host name."""
    text = STACK.replace("APPROVAL", "true, after: staging" if with_staging else "false") + (
        STAGING if with_staging else ""
    )
    text = text.replace("SERVICES\n", BUILT if is_built else FOUND)
    if in_place:
        text = text.replace("start_budget_seconds: 1}", "start_budget_seconds: 1, alone: true}")
    if with_routes:
        text = text.replace(WORKER, WORKER.replace("}", ", port: 9000, ready_path: /api/ready}"))
        text = text.replace("domains: [", "domains_of: {admin: [admin.HOST]}, domains: [")
        for host in ("staging.shop.test", "shop.test"):
            text = text.replace(
                f"admin.HOST]}}, domains: [{host}]",
                f"admin.{host}]}}, domains: [{host}, '*.tenants.{host}']",
            )
        text = text.replace("databases:\n", f"{ROUTES}databases:\n", 1)
    shutil.rmtree(folder / "stacks" / "blog", ignore_errors=True)
    if with_blog:
        _write_blog(folder / "stacks" / "blog", text)
        text = text.replace("image_alias: latest,", SHARED.format("blog"))
    (folder / "stacks" / "shop" / "stack.yaml").write_text(text)


def _write_blog(team: Path, shop: str) -> None:
    text = shop.replace("name: shop\ntitle: Shop", "name: blog\ntitle: Blog")
    text = text.replace("databases:\n", f"{BLOG}databases:\n", 1).replace(
        "path: /}", "path: /blog}"
    )
    text = text.replace("image_alias: latest,", SHARED.format("shop"))
    text = text.replace("image: acme/", "image: blog/")
    team.mkdir()
    (team / "stack.yaml").write_text(text)
    (team / "compose.yaml").write_text("services: {}\n")
    (team / ".env").write_text(ENV.format("blog-prod"))


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """The seams are replaced here, once: ports, Prefect's engine and client, and waiting."""
    team, home = folder / "stacks" / "shop", folder / "home"
    team.mkdir(parents=True)
    write_stack(folder, with_staging=True)
    (team / "compose.yaml").write_text("services: {}\n")
    (team / ".env").write_text(ENV.format("shop-prod"))
    (team / ".env.staging").write_text(ENV.format("shop-staging"))
    home.mkdir()
    ledger_url(home)
    made = Installation(home)
    with pytest.MonkeyPatch.context() as patch, disable_run_logger():
        patch.setenv("TIDEGATE_HOME", str(home))
        patch.setenv("TIDEGATE_STACKS", str(folder / "stacks"))
        _replace_seams(made, patch)
        with _heard_commits(made):
            yield made
        made.close()


def _replace_seams(made: Installation, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        adapters,
        "ports_of",
        lambda settings, stack, environment, *_: made.world.ports(stack, environment),
    )
    patch.setattr(
        adapters,
        "notifier",
        lambda name: watched(name, made.world.notifier(name), made.world.moments),
    )
    patch.setattr(store, "open_engine", made.engine)
    patch.setattr(
        Journal, "begin", lambda journal, *args, **kwargs: _begin(made, journal, *args, **kwargs)
    )
    patch.setattr(
        Task, "__call__", lambda task, *args, **kwargs: _call(made, task, *args, **kwargs)
    )
    patch.setattr(
        tasks.people.acceptance, "suspend_flow_run", lambda **asked: made.prefect.suspend(**asked)
    )
    patch.setattr(
        tasks.frame.runs, "deployment", SimpleNamespace(id=None)
    )  # it was called, and not started by a schedule
    patch.setattr("time.sleep", _sleep)
    for name, module in list(sys.modules.items()):
        if name.startswith("tasks.") and hasattr(module, "get_client"):
            patch.setattr(module, "get_client", lambda **options: made.prefect.client(**options))


@contextmanager
def _heard_commits(made: Installation) -> Iterator[None]:
    """What is written into the ledger is a change of the world too."""

    def heard(session: Session) -> None:
        made.world.moments.change("ledger")

    event.listen(Session, "after_commit", heard)
    yield
    event.remove(Session, "after_commit", heard)


def _call(made: Installation, task: Task[Any, Any], *args: Any, **kwargs: Any) -> Any:
    """A task as a plain function. Of a step it is noted which one it is."""
    moments = made.world.moments
    if not isinstance(task, StepTask):
        return call_task(task, *args, **kwargs)
    work: Work = args[0].unwrap()
    outer = moments.step, moments.step_was_done
    moments.step, moments.step_was_done = work.key(task.name), False
    try:
        return call_task(task, *args, **kwargs)
    finally:
        moments.step, moments.step_was_done = outer


def _begin(made: Installation, journal: Journal, *args: Any, **kwargs: Any) -> Step:
    """What a step asks first; it is noted whether the journal calls it done already."""
    step = _begin_step(journal, *args, **kwargs)
    made.world.moments.step_was_done = step.is_done
    return step
