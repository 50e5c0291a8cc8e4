#!/usr/bin/python3
"""Plays `mongosh --quiet DATABASE --eval 'db.COLLECTION.find()...'`: prints the ids, a line
each."""

import re
import sqlite3
import sys

_, _, database, _, question = sys.argv
place = f"{database}.{re.match(r'db[.](.+?)[.]find', question)[1]}"
documents = sqlite3.connect("file:/data/db/documents.sqlite?mode=ro", uri=True)
print(
    "\n".join(
        name for (name,) in documents.execute("SELECT id FROM documents WHERE place = ?", [place])
    )
)
