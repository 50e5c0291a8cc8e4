"""One question to the database, in a transaction of its own."""

import os

import psycopg2


def ask(sql, *values):
    env = os.environ
    connection = psycopg2.connect(
        host=env["DATABASE_HOST"],
        user=env["DATABASE_USER"],
        password=env["DATABASE_PASSWORD"],
        dbname=env["DATABASE_NAME"],
        connect_timeout=3,
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
