"""A browser for the end-to-end tests, and a font with which it shows Chinese."""

import shutil

from setup.packages import install
from setup.step import asked


def ensure() -> str:
    there = {
        "chromium": shutil.which("chromium"),
        "fonts-wqy-microhei": asked(["fc-list", ":lang=zh"]),
    }
    if missing := [name for name, found in there.items() if not found]:
        install("the browser for the tests", *missing)
        return "installed"
    return "there"
