"""Work on all cores: results in order, little made in advance, errors in their turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from quantize.foundation.cores import on_all_cores


def test_results_come_in_the_order_of_the_items_from_several_threads() -> None:
    both = threading.Barrier(2, timeout=30)  # broken, and an error, unless two threads meet

    def work(item: int) -> int:
        both.wait()
        return item * item

    assert list(on_all_cores(work, range(10), workers=2)) == [n * n for n in range(10)]


def test_items_are_taken_as_results_are_asked_for() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    found = on_all_cores(str, items(), workers=2)
    assert [next(found), next(found)] == ["0", "1"]
    assert len(taken) <= 2 + 2 * 2
    found.close()  # type: ignore[attr-defined]
    assert len(taken) <= 2 + 2 * 2


def test_an_error_comes_in_its_turn_and_ends_the_work() -> None:
    def work(item: int) -> int:
        if item == 3:
            raise ValueError("the fourth")
        return item

    found = on_all_cores(work, range(100), workers=2)
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="the fourth"):
        next(found)
    assert list(found) == []
