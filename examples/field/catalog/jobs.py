"""What is done before the shop opens: `init` makes the tables, `seed` the first articles."""

import csv
import sys

from database import ask


def init():
    ask(
        "CREATE TABLE IF NOT EXISTS articles (code text PRIMARY KEY, title text NOT NULL, "
        "cents integer NOT NULL)"
    )
    ask(
        "CREATE TABLE IF NOT EXISTS orders (id serial PRIMARY KEY, code text REFERENCES "
        "articles, at timestamptz DEFAULT now())"
    )


def seed():
    with open("articles.csv", newline="") as file:
        for row in csv.DictReader(file):
            ask(
                "INSERT INTO articles VALUES (%s, %s, %s) ON CONFLICT (code) DO NOTHING",
                *row.values(),
            )


{"init": init, "seed": seed}[sys.argv[1]]()
