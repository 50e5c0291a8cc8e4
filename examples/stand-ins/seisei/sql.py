"""One statement in a database of PostgreSQL, with a connection of its own."""

import psycopg2


def ask(login, statement, *values):
    connection = psycopg2.connect(**login, connect_timeout=3)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
