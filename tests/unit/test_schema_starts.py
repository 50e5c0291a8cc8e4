"""By which commands a container moves the schema when it starts."""

from __future__ import annotations

import pytest

from tidegate.stack.schema_starts import (
    MOVES_SCHEMA,
    moving_line,
    moving_package_line,
    scripts_in,
    starts_of,
)


@pytest.mark.parametrize(
    "command",
    [
        'sh -c "alembic upgrade head && uvicorn app:app"',
        '["sh", "-c", "alembic upgrade head && app"]',
        'bash -c "python manage.py migrate --noinput && gunicorn shop.wsgi"',
        "npx prisma migrate deploy",
        '["npx", "prisma", "db", "push"]',
        "bundle exec rails db:prepare && rails server",
        "./bin/rails db:migrate",
        "php artisan migrate --force",
        "flyway -url=jdbc:postgresql://db/shop migrate",
        "flask db upgrade",
        "alembic -c db/alembic.ini upgrade head",
        "flask --app shop db upgrade",
        '["flyway","-url=jdbc:postgresql://db/shop","migrate"]',
    ],
)
def test_the_tools_that_move_a_schema_are_known_by_their_commands(command: str) -> None:
    assert MOVES_SCHEMA.search(command)


@pytest.mark.parametrize(
    "command",
    [
        "python manage.py runserver",
        "alembic history",
        "prisma generate",
        "rails server",
        "migrate",
        "python manage.py migrate --check",
        "rails db:migrate:status",
        "php artisan migrate:status",
        "flyway info && start up",
        "node mongoose up",
    ],
)
def test_other_commands_of_theirs_move_nothing(command: str) -> None:
    assert not MOVES_SCHEMA.search(command)


def test_a_start_is_that_of_the_stage_that_is_built_with_its_whole_line() -> None:
    text = (
        'FROM ruby AS base\nENTRYPOINT ["/entry"]\nFROM base AS dev\nCMD rails db:prepare\n'
        "FROM base\nCMD bundle exec rails db:prepare && \\\n  # and then\n  rails server\n"
    )
    assert [(one.word, one.line) for one in starts_of(text)] == [("ENTRYPOINT", 2), ("CMD", 6)]
    assert "rails server" in starts_of(text)[1].text
    assert [one.line for one in starts_of(text, "dev")] == [2, 4]
    assert [one.line for one in starts_of("CMD alembic upgrade head\n")] == [1]


def test_a_script_lies_where_it_was_copied_from_or_under_its_own_path() -> None:
    dockerfile = "FROM ruby\nCOPY --chmod=755 docker/start.sh /start.sh\n"
    assert next(scripts_in('["/start.sh"]', dockerfile)) == "docker/start.sh"
    found = [*scripts_in('["/rails/bin/docker-entrypoint"]')]
    assert found == ["rails/bin/docker-entrypoint", "bin/docker-entrypoint", "docker-entrypoint"]
    assert [*scripts_in("gunicorn app")] == []


def test_the_line_that_moves_the_schema_is_found_and_a_comment_is_none() -> None:
    assert moving_line("#!/bin/sh\n# rails db:prepare\n./bin/rails db:prepare\n", "") == 3
    assert moving_line("# rails db:prepare\nexec rails server\n", "") is None


@pytest.mark.parametrize(
    "condition",
    [
        '[ "${1}" == "./bin/rails" ] && [ "${2}" == "server" ]',
        '[ "${@: -2:1}" == "./bin/rails" ] && [ "${@: -1:1}" == "server" ]',
        '[ "${*}" == "./bin/rails server" ]',
        '[ "$1" = "worker" ] || [ "$1 $2" = "./bin/rails server" ]',
    ],
)
def test_what_is_done_for_one_command_alone_is_no_start_of_another(condition: str) -> None:
    script = f'if {condition}; then\n  ./bin/rails db:prepare\nfi\nexec "${{@}}"\n'
    assert moving_line(script, '["/rails/entry"] ["./bin/thrust", "./bin/rails", "server"]') == 2
    assert moving_line(script, '["/rails/entry"] bundle exec sidekiq') is None
    again = script + "./bin/rails db:prepare\n"
    assert moving_line(again, "bundle exec sidekiq") == 5


@pytest.mark.parametrize(
    "condition",
    ['[ "$1" != "worker" ]', '[ -n "$MIGRATE" ]', '[ "$MODE" = "web" ]', '[ "$1" = "$WEB" ]'],
)
def test_a_condition_that_may_be_so_is_no_way_out(condition: str) -> None:
    script = f"if {condition}; then rails db:migrate; fi\n"
    assert moving_line(script, "bundle exec puma") == 1
    other = 'if [ "$1" = "worker" ]; then\n  :\nelse\n  rails db:migrate\nfi\n'
    assert moving_line(other, "bundle exec puma") == 4


def test_a_script_of_package_json_is_followed() -> None:
    package = (
        '{"scripts": {\n"start": "prisma migrate deploy && node server.js",\n"bot": "node bot.js"}}'
    )
    assert moving_package_line('["npm","start"]', package) == 2
    assert moving_package_line("npm run bot", package) is None
    assert moving_package_line("npm start", "no json") is None
    assert moving_package_line("node server.js", package) is None


@pytest.mark.parametrize(
    ("scripts", "line"),
    [
        ('"start": "npm run db && node .",\n"db": "prisma migrate deploy"', 3),
        ('"prestart": "prisma migrate deploy",\n"start": "node ."', 2),
        ('"start": "npm run start && node ."', None),
    ],
)
def test_a_script_of_package_json_is_followed_to_those_that_it_runs(
    scripts: str, line: int | None
) -> None:
    package = f'{{"scripts": {{\n{scripts}}}}}'
    assert moving_package_line("npm --silent start", package) == line
