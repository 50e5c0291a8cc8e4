"""Which secrets of today stand in texts that others may have."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tidegate.secrecy.plain_values import SHORTEST, holds_secret, is_plain, secret_parts


def leaked(
    values: Mapping[str, str], secret_keys: Collection[str], texts: Mapping[str, str]
) -> dict[str, list[str]]:
    """By the name of a text, the keys whose secret it holds. What is changed since then is none any
    more."""
    secrets = {
        key: {value, *secret_parts(value)}
        for key, value in values.items()
        if key in secret_keys or holds_secret(key, value)
    }
    worth = {
        key: {part for part in parts if len(part) >= SHORTEST and not is_plain("", part)}
        for key, parts in secrets.items()
    }
    found = {
        name: sorted(key for key, parts in worth.items() if any(part in text for part in parts))
        for name, text in texts.items()
    }
    return {name: keys for name, keys in found.items() if keys}
