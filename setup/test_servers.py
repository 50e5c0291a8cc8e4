"""Programs for the tests: servers that they start on ports of their own, and systemd, which only
reads a unit."""

import shutil

from setup.packages import install

PROGRAMS = {
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "docker-registry": "docker-registry",
    "systemd-analyze": "systemd",
}
"""Program -> the package of the distribution that brings it."""


def ensure() -> str:
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not missing:
        return "there"
    install("programs for the tests", *missing)
    return "installed"
