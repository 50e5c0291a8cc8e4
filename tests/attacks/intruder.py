"""Code that is not ours: it leaves a mark where it ran. It needs no Prefect server to be read."""

from pathlib import Path

from prefect import flow


@flow
def intrude(mark: str = "") -> None:
    Path(mark).touch()
