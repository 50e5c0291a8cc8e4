"""How many rows a restored table may have, when people write during the dump."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks.backups.folder import BackupStore
from blocks.backups.making import Dump, compare
from blocks.backups.manifest import Part
from blocks.backups.restoring import SavedDatabase
from blocks.databases.seen import Seen
from blocks.databases.sql_client import DATA
from tidegate.errors import BackupError


@pytest.mark.parametrize(
    ("before", "after", "restored", "fault"),
    [
        (3, 3, 3, None),
        (3, 5, 4, None),
        (5, 3, 4, None),
        (None, 4, 2, None),
        (None, 4, None, None),
        (3, 3, 2, "2 rows restored, 3 in the source"),
        (3, 5, 6, "6 rows restored, 3 to 5"),
        (3, 3, None, "is missing"),
        (None, None, 1, "not in the source"),
    ],
)
def test_restored_rows_lie_between_the_counts(
    before: int | None, after: int | None, restored: int | None, fault: str | None
) -> None:
    def counts(number: int | None) -> dict[str, int]:
        return {} if number is None else {"bills": number}

    saved = SavedDatabase(BackupStore(Path()), "b1", "main", {DATA: Part("main.sql.gz", 1, "")})
    dump = Dump(saved, Seen([counts(before), counts(after)], 0), None, 1)
    if fault is None:
        return compare("b1", dump, counts(restored))
    with pytest.raises(BackupError, match=fault):
        compare("b1", dump, counts(restored))
