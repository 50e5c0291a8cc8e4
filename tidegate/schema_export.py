"""`python -m tidegate.schema_export` writes docs/stack.schema.json, which editors use to check a stack.yaml."""

from __future__ import annotations

import json
from pathlib import Path

from tidegate.stackfile import Stack

SCHEMA_FILE = Path(__file__).parents[1] / "docs" / "stack.schema.json"


def schema_text() -> str:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Stack.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    print(f"wrote {SCHEMA_FILE.parent.name}/{SCHEMA_FILE.name}")


if __name__ == "__main__":
    main()
