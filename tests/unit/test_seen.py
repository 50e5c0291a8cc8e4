"""When a dump has begun, as the bytes that it has written tell."""

from __future__ import annotations

import io

import pytest

from blocks.databases.seen import Begun


@pytest.mark.parametrize("chunks", [[1 << 20, 5], [9000, 9000, 9000], [1, 1 << 14]])
def test_it_is_asked_once_as_soon_as_there_is_more_than_a_beginning(chunks: list[int]) -> None:
    into, asked = io.BytesIO(), list[int]()

    def question() -> int:
        asked.append(into.tell())
        return 7

    begun = Begun(into, question)
    for size in chunks:
        begun.write(b"x" * size)
    assert (begun.answer(), len(asked)) == (7, 1)
    assert asked[0] < 1 << 14 < sum(chunks) == into.tell()


def test_of_a_short_dump_it_is_asked_at_its_end() -> None:
    answers = iter([7])
    begun = Begun(io.BytesIO(), lambda: next(answers))
    begun.write(b"short")
    assert next(answers, None) == 7, "nobody has asked"
    answers = iter([8])
    assert (begun.answer(), begun.answer()) == (8, 8)
