"""A browser for the end-to-end tests."""

import shutil

from setup.packages import install


def ensure() -> str:
    if not shutil.which("chromium"):
        install("the browser for the tests", "chromium")
        return "installed"
    return "there"
