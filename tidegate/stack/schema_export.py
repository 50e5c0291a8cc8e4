"""`python -m tidegate.stack.schema_export` writes `stack.schema.json` anew, by which editors check
a stack.yaml.

The file is part of the package: `tidegate schema` prints it, wherever Tidegate is installed.
"""

from __future__ import annotations

import json
from pathlib import Path

from tidegate.stack.file import Stack

SCHEMA_FILE = Path(__file__).with_name("stack.schema.json")


def schema_text() -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Stack.model_json_schema(),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    print(f"wrote {SCHEMA_FILE.parent.name}/{SCHEMA_FILE.name}")


if __name__ == "__main__":
    main()
