"""`python3 -m setup` prepares this machine for Tidegate and its demo; `python3 -m setup tests` also
for the tests."""

import sys
from concurrent.futures import ThreadPoolExecutor

from setup import (
    browser,
    compose,
    demo,
    engine,
    env_files,
    images,
    test_database,
    test_images,
    test_servers,
    test_wheels,
    tool_venv,
    venv,
    wheels,
)
from setup.places import HOME
from setup.step import SetupError, step

OLDEST_PYTHON = (3, 11)


def set_up() -> None:
    """The virtual environment is made beside the engine and the images; the rest needs both."""
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(step, "python environment", venv.ensure)
        step("docker engine", engine.ensure)
        step("images", lambda: images.ensure(made.result))
        made.result()
    step("compose", compose.ensure)
    step("example's wheels", wheels.ensure)
    step("example's repository", demo.ensure)
    step("env files", env_files.ensure)


def set_up_tests() -> None:
    step("browser", browser.ensure)
    step("servers", test_servers.ensure)
    step("Prefect's database", test_database.ensure)
    step("test images", test_images.ensure)
    step("Django's wheels", test_wheels.ensure)
    step("Tidegate as a tool", tool_venv.ensure)


def make_home_private() -> None:
    """Secrets will lie in it."""
    HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    HOME.chmod(0o700)


def main() -> int:
    if sys.version_info < OLDEST_PYTHON:
        print(
            f"Tidegate needs Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer, "
            f"this is {sys.version.split()[0]}"
        )
        return 1
    make_home_private()
    try:
        set_up_tests() if sys.argv[1:] == ["tests"] else set_up()
    except SetupError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
