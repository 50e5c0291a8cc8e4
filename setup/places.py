"""Where things are. `TIDEGATE_HOME` moves the state; the demo's repository stays where the stack
file points."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("TIDEGATE_HOME") or ROOT / ".tidegate")
CACHE = HOME / "cache"
LOGS = HOME / "logs"
IMAGES_ENV = HOME / "images.env"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
EXAMPLE = ROOT / "examples" / "cloudlens"
DEMO_REPOSITORY = ROOT / ".tidegate" / "demo" / "cloudlens"
