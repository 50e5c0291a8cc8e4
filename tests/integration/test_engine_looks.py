"""An engine that is there is found good, and what it lacks is said."""

from __future__ import annotations

import pytest

from blocks.docker.engine_looks import EngineLooks
from blocks.docker.host import DockerHost
from tidegate.errors import CapacityError


def test_the_engine_of_this_machine_is_good_and_too_little_disk_is_said() -> None:
    looks = EngineLooks(DockerHost())
    assert looks.engine().startswith("Docker ")
    assert looks.compose().startswith("Docker Compose 2.")
    assert "BuildKit" in looks.builds()
    assert looks.clock() == "as this machine's"
    assert "GiB free" in looks.disk(1, 0)
    with pytest.raises(CapacityError, match="docker image prune"):
        looks.disk(1 << 60, 0)
