"""`python3 versions.py MODULE...` prints name@version of each module's manifest here."""

import ast
import sys
from pathlib import Path


def version_of(module):
    return ast.literal_eval(Path(module, "__manifest__.py").read_text())["version"]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}@{version_of(name)}")
