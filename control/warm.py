"""What every run would do first, done once in the process that they are forked from."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from tidegate.each import each
from tidegate.ledger.ledger import Ledger
from tidegate.settings import Settings


def build_models() -> None:
    """Prefect's models build their validators at the first use. One that lacks a name yet is left for that."""
    for model in _models_under(BaseModel):
        if not model.__pydantic_complete__:
            model.model_rebuild(raise_errors=False)


def read_ledger() -> None:
    """So that what is read most is compiled. Closed again, because a connection must not be in two processes; a ledger that
    is not there yet, or does not answer, is no fault here: the runs say so."""
    ledger = Ledger(Settings().database_url)
    each({"ledger": ledger}, _read, "reading")
    ledger.close()


def _read(ledger: Ledger) -> None:
    nobody = ("", "")
    ledger.deployments.current(*nobody)


def _models_under(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        yield one
        yield from _models_under(one)
