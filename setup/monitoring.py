"""Prometheus and Alertmanager for the tests of alerts: real ones, started by the tests on ports of their own."""

import shutil

from setup.packages import install

PROGRAMS = {"prometheus": "prometheus", "prometheus-alertmanager": "prometheus-alertmanager"}
"""Program -> the package of the distribution that brings it."""


def ensure() -> str:
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not missing:
        return "there"
    install("Prometheus and Alertmanager for the tests", *missing)
    return "installed"
