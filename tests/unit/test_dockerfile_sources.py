"""Which files of its context a Dockerfile takes, as far as it says them plainly."""

from __future__ import annotations

import pytest

from tidegate.stack.dockerfile_sources import ALL, copied


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ("COPY conf.d /etc/mysql/conf.d", {"conf.d"}),
        ("copy --chown=mysql:mysql ./a.cnf b.cnf /etc/", {"a.cnf", "b.cnf"}),
        ('COPY ["init one.sql", "/docker-entrypoint-initdb.d/"]', {"init one.sql"}),
        ('COPY --chmod=644 ["a.sql", "/b/"]', {"a.sql"}),
        ("COPY a.sql \\\n  # said here\n  b.sql /c/", {"a.sql", "b.sql"}),
        ("COPY a.sql \\\n\n  b.sql /c/", {"a.sql", "b.sql"}),
        ("COPY a.sql \\\r\n  b.sql /c/", {"a.sql", "b.sql"}),
        ("COPY ../a.sql /c/", {"a.sql"}),
        ("COPY init/*.sql /c/", {"init"}),
        ("COPY *.sql /c/", {ALL}),
        ("COPY . /c", {ALL}),
        ("COPY / /c", {ALL}),
        ("ADD /scripts/run.sh /c", {"scripts/run.sh"}),
        ("ADD https://example.com/x.tgz /c", set()),
        ("COPY --from=builder /usr/lib/vector.so /usr/lib/", set()),
        ("COPY <<EOF /etc/a.conf\nkey = 1\nEOF", set()),
        ("RUN apt-get install -y postgresql-16-pgvector", set()),
        ("RUN --mount=type=cache,target=/var/cache/apt apt-get update", set()),
    ],
)
def test_what_is_copied_is_what_is_named(lines: str, files: set[str]) -> None:
    assert copied(f"FROM mysql:8.0\n{lines}\n") == files


@pytest.mark.parametrize(
    "text",
    [
        "FROM mysql:8.0\nARG NAME\nCOPY ${NAME} /c\n",
        "FROM mysql:8.0\nRUN --mount=type=bind,source=conf,target=/c cp /c/a /etc/\n",
        "FROM mysql:8.0\nRUN --mount=target=/c cp /c/a /etc/\n",
        "FROM mysql:8.0\r\nRUN \\\r\n  --mount=type=bind,target=/c cp /c/a /etc/\r\n",
        "FROM mysql:8.0\nCOPY 'a.sql /c\n",
        "# escape=`\nFROM mysql:8.0\nCOPY a.sql /c\n",
        "# syntax=example.com/another/frontend:1\nFROM mysql:8.0\n",
    ],
)
def test_where_it_is_not_said_plainly_the_whole_context_counts(text: str) -> None:
    assert ALL in copied(text)


def test_docker_s_own_syntax_is_a_plain_one() -> None:
    assert copied("# syntax=docker/dockerfile:1.7\nFROM mysql:8\nCOPY a /a\n") == {"a"}
