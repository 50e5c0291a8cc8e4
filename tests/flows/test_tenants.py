"""Databases that a pattern finds: all that are there are saved and put back, and people are told
which."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from flows.release import release
from flows.restore import restore
from tests.flows.asking import RESTORE, answering, asked
from tests.flows.beginnings import find_tenants, migrate_tenants, save_tenants
from tests.flows.conftest import Library
from tests.flows.installation import Installation, write_stack
from tests.flows.judging import faults, serving
from tests.flows.prefect_memory import Run
from tests.flows.stories import Story
from tests.world.data import Content

AFTER_ONE = Story("after one release", release, asked("v1.1.0"))


@pytest.fixture
def made(library: Library) -> Iterator[Installation]:
    """v1.0.0 serves, and nothing is said of tenants yet."""
    made = library.begin(AFTER_ONE)
    made.prefect.answer = answering("approve")
    yield made
    write_stack(made.home.parent, with_staging=False)


def page(run: Run, name: str) -> str:
    [text] = [text for key, text in run.pages.items() if key.endswith(name)]
    return text


def bills(made: Installation) -> dict[str, int]:
    return {
        name: one.content.rows["bills"]
        for (_, name), one in made.world.databases.found.items()
        if one.is_there
    }


def test_all_that_are_there_are_in_the_backup_and_on_the_pages(made: Installation) -> None:
    find_tenants(made, "ten_b", "ten_a", "Ten c/1", "other")
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_completed(), run.state.message
    saved = [*made.world.backups_of("shop-prod").sealed.values()][-1]
    assert {*saved.databases} == {"main", "tenants:ten_a", "tenants:ten_b"}
    assert "**Databases of tenants (`ten_*`):** 2 now: `ten_a`, `ten_b`." in page(run, "plan")
    assert "**Databases of tenants (`ten_*`):** 2 saved: `ten_a`, `ten_b`\n" in page(run, "backup")
    assert "| `tenants:ten_a.bills` | 1 |" in page(run, "backup")


def test_a_stack_that_has_none_yet_is_released_and_the_plan_says_so(made: Installation) -> None:
    find_tenants(made)
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_completed(), run.state.message
    assert "⚠ none now" in page(run, "plan")
    assert "⚠ there was none" in page(run, "backup")
    assert "| ✓ | databases of tenants | none is there yet |" in page(run, "plan")


def test_one_that_comes_after_the_plan_is_saved_and_one_that_goes_is_named(
    made: Installation,
) -> None:
    find_tenants(made, "ten_a", "ten_gone")

    def meanwhile(what: str) -> None:
        if "keep-configuration" in what:
            made.world.databases.make("shop-prod", "ten_new", Content(None, {"bills": 1}))
            made.world.databases.found["shop-prod", "ten_gone"].drop()

    made.world.moments.after_change = meanwhile
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_completed(), run.state.message
    shown = page(run, "backup")
    assert "2 saved: `ten_a`, `ten_new`; made since the plan: `ten_new`; " in shown
    assert "gone at the backup: `ten_gone`" in shown


def test_one_whose_dump_fails_ends_the_release_before_anything_changes(made: Installation) -> None:
    find_tenants(made, "ten_a", "ten_b", "ten_c")
    backups, began = made.world.backups_of("shop-prod"), serving(made)
    there = {*backups.sealed}
    backups.broken.add("tenants:ten_b")
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_failed()
    assert "dumping 'tenants:ten_b'" in str(run.state.message)
    assert ({*backups.sealed}, serving(made)) == (there, began)
    backups.broken.clear()
    assert faults(made, began, has_failed=True) == []


def test_a_restore_puts_all_back_and_leaves_those_alone_that_came_later(made: Installation) -> None:
    save_tenants(made)
    run = made.prefect.start(restore, **RESTORE)
    assert run.state.is_completed(), run.state.message
    assert bills(made) == {"ten_a": 1, "ten_b": 1, "ten_c": 1, "ten_later": 2}
    shown = page(run, "evidence")
    assert "made again by it:** `tenants:ten_b`" in shown
    assert "left as they are, neither put back nor cleared:** `tenants:ten_later`." in shown
    assert "| `tenants:ten_a.bills` | 2 | 1 | -1 |" in shown
    assert "ten_later.bills" not in shown


def test_a_database_with_a_name_of_its_own_is_found_by_no_pattern(made: Installation) -> None:
    find_tenants(made, "ten_a", "ten_named")
    for file in made.home.parent.glob("stacks/shop/.env"):
        file.write_text(file.read_text().replace("DB_NAME=shop", "DB_NAME=ten_named"))
    run = made.prefect.start(release, **asked("v1.1.0"))
    for file in made.home.parent.glob("stacks/shop/.env"):
        file.write_text(file.read_text().replace("DB_NAME=ten_named", "DB_NAME=shop"))
    assert run.state.is_completed(), run.state.message
    saved = [*made.world.backups_of("shop-prod").sealed.values()][-1]
    assert {*saved.databases} == {"main", "tenants:ten_a"}


def test_patterns_that_can_find_the_same_database_are_refused(made: Installation) -> None:
    find_tenants(made, "ten_a")
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    text = file.read_text()
    [line] = [part for part in text.split("  - {") if part.startswith("name: tenants")]
    again = line.split("migrations:")[0].replace("tenants", "others").replace("ten_*", "*_a")
    file.write_text(
        text.replace("migrations:", f"  - {{{again}migrations:", 1).replace(
            "[main, tenants]", "[main, tenants, others]"
        )
    )
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_failed()
    assert "prod: tenants (ten_*) and prod: others (*_a)" in str(run.state.message)


@pytest.mark.parametrize("prefixes", [("ten", "ten"), ("ten", "ten_stg"), ("ten", "stg")])
def test_staging_finds_nothing_of_production_on_one_server(
    made: Installation, prefixes: tuple[str, str]
) -> None:
    team = made.home.parent / "stacks" / "shop"
    write_stack(made.home.parent, with_staging=True)
    find_tenants(made)
    text = (team / "stack.yaml").read_text().replace("ten_*", "${PREFIX}_*")
    tenants = text.index("name: tenants")
    text = text[:tenants] + text[tenants:].replace("service: db", "client_image: 'mysql:8'", 1)
    (team / "stack.yaml").write_text(text)
    files = {name: (team / name).read_text() for name in (".env", ".env.staging")}
    for (name, before), prefix in zip(files.items(), prefixes, strict=True):
        (team / name).write_text(f"{before}PREFIX={prefix}\n")
    for prefix in set(prefixes):
        made.world.databases.make(
            "db", f"{prefix}_a", Content(None, {"bills": 1}), is_elsewhere=True
        )
    run = made.prefect.start(release, **asked("v1.1.0", environment="staging"))
    for name, before in files.items():
        (team / name).write_text(before)
    if prefixes == ("ten", "stg"):
        assert run.state.is_completed(), run.state.message
        assert "1 now: `stg_a`" in page(run, "plan")
        assert "| patterns of databases | find nobody else's |" in page(run, "plan")
    else:
        assert run.state.is_failed()
        mine, theirs = f"staging: tenants ({prefixes[1]}_*)", f"prod: tenants ({prefixes[0]}_*)"
        assert f"{mine} and {theirs}" in str(run.state.message)


# --- their schema ---


def revisions(made: Installation) -> dict[str, str | None]:
    return {
        name: one.content.revision
        for (_, name), one in made.world.databases.found.items()
        if one.is_there
    }


def test_each_is_rehearsed_on_its_copy_and_migrated(made: Installation) -> None:
    migrate_tenants(made)
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_completed(), run.state.message
    assert revisions(made) == dict.fromkeys(("ten_a", "ten_b", "ten_c"), "0002")
    for name in ("ten_a", "ten_b", "ten_c"):
        copy = f"scratch-prod/shop/2/backup-tenants:{name} is at 0002"
        assert [what for what in made.world.moments.changes if what.endswith(copy)]
    assert "tenants: `0001` → `0002`" in page(run, "plan")


def test_one_that_comes_before_the_backup_is_migrated_with_the_others(made: Installation) -> None:
    migrate_tenants(made)
    made.world.moments.after_change = when(made, "keep-configuration", "ten_new", "0001")
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_completed(), run.state.message
    assert revisions(made)["ten_new"] == "0002"


@pytest.mark.parametrize(
    ("moment", "revision", "fault"),
    [
        ("was sealed", "0001", "tenants:ten_new was made since the backup"),
        ("keep-configuration", None, "tenants:ten_new is at no migration, which was not planned"),
    ],
)
def test_one_that_was_not_saved_or_not_planned_so_ends_the_release_before_any_is_migrated(
    made: Installation, moment: str, revision: str | None, fault: str
) -> None:
    migrate_tenants(made)
    began = serving(made)
    made.world.moments.after_change = when(made, moment, "ten_new", revision)
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert fault in str(run.state.message)
    assert {*revisions(made).values()} == {"0001", revision}
    made.world.databases.found["shop-prod", "ten_new"].drop()
    assert faults(made, began) == []
    made.world.moments.begin_anew()
    again = made.prefect.start(release, **asked("v1.1.0"))
    assert again.state.is_completed(), again.state.message


def when(made: Installation, moment: str, name: str, revision: str | None) -> Callable[[str], None]:
    """Makes a tenant as soon as a change is called so."""

    def after(what: str) -> None:
        if moment in what:
            made.world.databases.make("shop-prod", name, Content(revision, {"bills": 1}))

    return after


def test_a_migration_that_stops_half_way_goes_on_with_the_next_version(made: Installation) -> None:
    migrate_tenants(made)
    broken = made.world.databases.found["shop-prod", "ten_b"]

    def after(what: str) -> None:
        if what.endswith("migrate-schema: shop-prod/ten_a is at 0002"):
            broken.content = Content("0009", {"bills": 1})

    made.world.moments.after_change = after
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert "of tenants:ten_b" in str(run.state.message)
    assert "of 3 databases 1 are migrated" in str(run.state.message)
    assert revisions(made) == {"ten_a": "0002", "ten_b": "0009", "ten_c": "0001"}
    made.world.moments.begin_anew()
    broken.content = Content("0001", {"bills": 1})
    run = made.prefect.start(release, **asked("v1.2.0"))
    assert run.state.is_completed(), run.state.message
    assert revisions(made) == dict.fromkeys(("ten_a", "ten_b", "ten_c"), "0003")


def test_each_is_planned_and_migrated_from_where_it_is(made: Installation) -> None:
    migrate_tenants(made)
    made.world.databases.make("shop-prod", "ten_b", Content("0002", {"bills": 1}))
    made.world.databases.make("shop-prod", "ten_empty", Content())
    run = made.prefect.start(release, **asked("v1.2.0"))
    assert run.state.is_completed(), run.state.message
    assert {*revisions(made).values()} == {"0003"}
    for state in ("∅", "0001", "0002"):
        assert f"tenants: `{state}` → `0003`" in page(run, "plan")


def test_those_that_somebody_else_saves_are_migrated_without_a_backup(made: Installation) -> None:
    migrate_tenants(made)
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    text = file.read_text().replace("databases: [main, tenants]", "databases: [main]")
    first, second = text.split("name: tenants")
    elsewhere = "client_image: 'mysql:8', saved_elsewhere: by the provider each night"
    file.write_text(f"{first}name: tenants{second.replace('service: db', elsewhere, 1)}")
    made.world.databases.found.clear()
    one = Content("0001", {"bills": 1})
    made.world.databases.make("db", "ten_a", one, is_elsewhere=True)
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_completed(), run.state.message
    assert revisions(made) == {"ten_a": "0002"}
    assert "1 now: `ten_a`. They are saved elsewhere" in page(run, "plan")
    assert "ten_" not in page(run, "backup")
