"""`odoo`: serves at both ports after a start that takes its time; or, with `-u MODULES
--stop-after-init`, writes into the database of `-d` which versions its modules have now."""

import argparse
import time
from pathlib import Path

from odoo import login
from sql import ask
from start import serve
from versions import version_of

ADDONS = Path("/mnt/extra-addons")
START_SECONDS = 5
"""The real one takes up to 300."""


def update(database, modules):
    for module in modules.split(","):
        change = "UPDATE ir_module_module SET latest_version = %s WHERE name = %s"
        ask(login(database), change, version_of(ADDONS / module), module)
        print(f"{database}: {module} is updated")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-d", dest="database")
    parser.add_argument("-u", dest="modules")
    parser.add_argument("--stop-after-init", action="store_true")
    parser.add_argument("--no-http", action="store_true")
    said = parser.parse_args()
    if said.modules:
        update(said.database, said.modules)
    if not said.stop_after_init:
        time.sleep(START_SECONDS)
        serve("odoo", 8069, 8072)


if __name__ == "__main__":
    main()
