"""The image that the tests need besides those of the demo: PostgreSQL, the public one or one built
here."""

from setup import pull, rootfs
from setup.local_images import RECIPES
from setup.places import HOME
from setup.stamp import fingerprint, is_stamped, put_stamp
from setup.step import asked, run, say

PUBLIC = "postgres:16"
POSTGRESQL = "tidegate-test/postgresql:1"
STAMP = HOME / "test-images"


def ensure() -> str:
    wanted = fingerprint(RECIPES / "postgresql", rootfs.INPUTS)
    if is_stamped(STAMP, wanted) and asked(["docker", "image", "inspect", POSTGRESQL]) is not None:
        return "here"
    if pull.ensure(PUBLIC):
        run("naming the image of PostgreSQL", ["docker", "tag", PUBLIC, POSTGRESQL])
    else:
        say("no registry answers for PostgreSQL: building a local image")
        run(
            "building the image of PostgreSQL",
            [
                "docker",
                "build",
                "--quiet",
                "--tag",
                POSTGRESQL,
                "--build-arg",
                f"BASE={rootfs.ensure_image()}",
                RECIPES / "postgresql",
            ],
        )
    put_stamp(STAMP, wanted)
    return f"chosen: {POSTGRESQL}"
