"""The forms in which programs print a secret."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON of PHP": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON of Go": lambda text: json.dumps(text)[1:-1].replace("C", "\\u0043"),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "lower-case percent": lambda text: quote(text, safe="").lower(),
    "partly percent": lambda text: text.replace("/", "%2f").replace("?", "%3F"),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": lambda text: html.escape(text),
    "HTML in numbers": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "HTML in hexadecimal": lambda text: "".join(f"&#x{ord(c):X};" for c in text),
    "bytes of Python": lambda text: repr(text.encode())[2:-1],
    "a path of git": lambda text: text.replace('"', '\\"').replace("ü", "\\303\\274"),
    "compose": lambda text: text.replace("$", "$$"),
    "a shell": lambda text: "".join(f"\\{c}" if not c.isalnum() else c for c in text),
    "upper case": str.upper,
    "colours": lambda text: text.replace("w", "\x1b[31mw\x1b[0m"),
    "soft hyphens": lambda text: text.replace("w", "\u00adw\u200b"),
    "Base64": lambda text: b64encode(text.encode()).decode(),
    "Base64 for URLs": lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal in capitals": lambda text: text.encode().hex().upper(),
}


def escapes_of(character: str) -> list[str]:
    code, octets = ord(character), character.encode()
    forms = [
        character,
        f"&#{code};",
        f"&#x{code:x};",
        f"\\u{code:04x}",
        f"\\U{code:08x}",
        f"\\u{{{code:X}}}",
    ]
    forms += [
        "".join(f"%{octet:02x}" for octet in octets),
        "".join(f"%{octet:02X}" for octet in octets),
        "".join(f"\\x{octet:02x}" for octet in octets),
        "".join(f"%25{octet:02X}" for octet in octets),
    ]
    return (
        forms
        if code < 0x10000
        else [form for form in forms if not form.startswith("\\u") or "{" in form]
    )
