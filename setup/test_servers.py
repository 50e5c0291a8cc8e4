"""Real servers that the tests start by themselves, on ports of their own: Prometheus, Alertmanager, an image registry."""

import shutil

from setup.packages import install

PROGRAMS = {"prometheus": "prometheus", "prometheus-alertmanager": "prometheus-alertmanager",
            "docker-registry": "docker-registry"}
"""Program -> the package of the distribution that brings it."""


def ensure() -> str:
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not missing:
        return "there"
    install("servers for the tests", *missing)
    return "installed"
