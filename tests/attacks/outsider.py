"""Sends requests with nothing but the standard library, so that it runs as any user and in any
container with python3.

Reads `{"base": URL, "requests": [[method, path, headers, body], ...]}`; writes `[[status, body],
...]`, where a status of 0 means that nobody answered. An argument is the id of the user that it
becomes first.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401  (names of hosts; the other user cannot read our modules)
import json
import os
import sys
import urllib.error
import urllib.request

Request = tuple[str, str, dict[str, str], str | None]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main() -> None:
    for user in map(int, sys.argv[1:]):
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    asked = json.load(sys.stdin)
    json.dump([send(asked["base"], *one) for one in asked["requests"]], sys.stdout)


def send(
    base: str, method: str, path: str, headers: dict[str, str], body: str | None
) -> tuple[int, str]:
    request = urllib.request.Request(
        base + path, None if body is None else body.encode(), headers, method=method
    )
    try:
        with DIRECT.open(request, timeout=20) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode(errors="replace")
    except OSError as silence:
        return 0, str(silence)


if __name__ == "__main__":
    main()
