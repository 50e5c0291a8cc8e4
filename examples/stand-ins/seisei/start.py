"""Starts what PROGRAM names, once it is prepared, with workers that end gracefully."""

import importlib
import os


def serve(program, *ports):
    """In place of this process. Sync workers close each connection after its answer."""
    doors = [word for port in ports for word in ("--bind", f"0.0.0.0:{port}")]
    os.execvp("gunicorn", ["gunicorn", *doors, "--workers", "3", f"{program}:app"])


def main():
    program = os.environ["PROGRAM"]
    if program == "odoo":
        os.execv("/entrypoint.sh", ["/entrypoint.sh", "odoo"])
    importlib.import_module(program).prepare()
    serve(program, os.environ["PORT"])


if __name__ == "__main__":
    main()
