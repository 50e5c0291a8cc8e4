"""Logs of this process hold no secret that it has learnt, whoever writes them: our flows, Prefect,
a library."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from tidegate.errors import TidegateError
from tidegate.secrecy.outside_text import clean
from tidegate.secrecy.redaction import redact


def guard_logs() -> None:
    """From now on each record is masked when it is made, its traceback with it. Again: changes
    nothing.

    An error of ours stands there as its sentence, without a traceback.
    """
    make = logging.getLogRecordFactory()
    if isinstance(make, _Guarded):
        return
    logging.setLogRecordFactory(_Guarded(make))


class _Guarded:
    """Makes records as before, and masks them."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *arguments: Any, **more: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*arguments, **more)
        try:
            record.msg, record.args = clean(record.getMessage()), ()
        except (
            TypeError,
            ValueError,
        ):  # its arguments do not fit; `logging` says so where it is written
            return record
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, TidegateError):  # it says all itself: where it was raised helps nobody
            record.msg, record.exc_info = clean(str(error)), None
        if record.exc_info and error:
            record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)).rstrip())
        return record
