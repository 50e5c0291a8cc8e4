#!/usr/bin/python3
"""Plays a MongoDB server: the wire protocol's OP_MSG, and OP_QUERY by which drivers begin.
Documents are kept in SQLite."""

import socketserver
import sqlite3
import struct
import threading

import bson

FILE = "/data/db/documents.sqlite"
REPLY, QUERY, MESSAGE = 1, 2004, 2013
HELLO = {
    "ismaster": True,
    "isWritablePrimary": True,
    "maxBsonObjectSize": 16777216,
    "maxMessageSizeBytes": 48000000,
    "maxWriteBatchSize": 100000,
    "minWireVersion": 0,
    "maxWireVersion": 8,
    "readOnly": False,
    "ok": 1.0,
}
LOCK = threading.Lock()


def store():
    documents = sqlite3.connect(FILE, check_same_thread=False)
    documents.execute("PRAGMA synchronous=FULL")
    documents.execute(
        "CREATE TABLE IF NOT EXISTS documents (place TEXT, id TEXT, content BLOB, "
        "PRIMARY KEY (place, id))"
    )
    return documents


DOCUMENTS = store()


def insert(command, place):
    with LOCK, DOCUMENTS:
        DOCUMENTS.executemany(
            "INSERT INTO documents VALUES (?, ?, ?)",
            [(place, str(one["_id"]), bson.BSON.encode(one)) for one in command["documents"]],
        )
    return {"n": len(command["documents"]), "ok": 1.0}


def found(place):
    with LOCK:
        rows = DOCUMENTS.execute(
            "SELECT content FROM documents WHERE place = ? ORDER BY rowid", [place]
        ).fetchall()
    return [bson.BSON(content).decode() for (content,) in rows]


def batch(place, documents):
    return {"cursor": {"id": 0, "ns": place, "firstBatch": documents}, "ok": 1.0}


def answer(command):
    """To a command whose first key is its name."""
    name = next(iter(command))
    place = f"{command.get('$db', 'admin')}.{command[name]}"
    if name.lower() in ("ismaster", "hello"):
        return HELLO
    if name == "insert":
        return insert(command, place)
    if name == "find":
        return batch(place, found(place))
    if name == "aggregate":  # of `countDocuments` alone
        count = len(found(place))
        return batch(place, [{"_id": 1, "n": count}] if count else [])
    if name in ("ping", "endSessions"):
        return {"ok": 1.0}
    return {
        "ok": 0.0,
        "errmsg": f"no such command: {name}",
        "code": 59,
        "codeName": "CommandNotFound",
    }


def command_in(body):
    """Of an OP_MSG: the document of section 0, with the documents of sections 1 under their
    names."""
    at, command = 4, {}
    end = len(body) - (4 if struct.unpack_from("<I", body)[0] & 1 else 0)
    while at < end:
        kind, at = body[at], at + 1
        (size,) = struct.unpack_from("<i", body, at)
        part = body[at : at + size]
        if kind == 0:
            command = {**bson.BSON(part).decode(), **command}
        else:
            name, _, documents = part[4:].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents)
        at += size
    first = next(key for key in command if not isinstance(command[key], list))
    return {first: command[first], **command}


class Client(socketserver.StreamRequestHandler):
    def handle(self):
        while len(head := self.rfile.read(16)) == 16:
            size, number, _, kind = struct.unpack("<iiii", head)
            body = self.rfile.read(size - 16)
            if kind == QUERY:
                start = body.index(b"\0", 4) + 9
                said = answer(bson.BSON(body[start:]).decode())
                self._send(number, REPLY, struct.pack("<iqii", 8, 0, 0, 1) + bson.BSON.encode(said))
            elif kind == MESSAGE:
                self._send(
                    number,
                    MESSAGE,
                    struct.pack("<IB", 0, 0) + bson.BSON.encode(answer(command_in(body))),
                )

    def _send(self, answers, kind, body):
        self.wfile.write(struct.pack("<iiii", 16 + len(body), 0, answers, kind) + body)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


if __name__ == "__main__":
    Server(("", 27017), Client).serve_forever()
