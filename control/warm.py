"""What every run would do first, done once in the process that they are forked from."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from pydantic import BaseModel


def build_models() -> None:
    """Prefect's models build their validators at the first use. One that cannot be built now is
    left for that: it fails in its own run, where a person sees it."""
    for model in _models_under(BaseModel):
        if not model.__pydantic_complete__:
            try:
                model.model_rebuild(raise_errors=False)
            except Exception:
                traceback.print_exc()


def _models_under(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        yield one
        yield from _models_under(one)
