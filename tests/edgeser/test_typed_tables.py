"""Tables become records with errors that name the key, and records become the same tables."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from types import GenericAlias
from typing import Any, Literal

import numpy as np
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeser import toml
from edgeser.typed_tables import from_table, nearest, to_table
from quantize.foundation.errors import BadInput
from quantize.foundation.string_enum import StrEnum


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    width: int = 3
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner = field(default_factory=Inner)
    mode: Literal["a", "b"] = "a"
    colour: Colour = Colour.RED
    sizes: tuple[int, ...] = ()
    pair: tuple[float, float] = (0.0, 1.0)
    path: str | None = None
    on: bool = True


@dataclass(frozen=True, eq=False)
class WithArray:
    values: NDArray[np.int16]
    extra: dict[str, float] = field(default_factory=dict)


def build(table: dict[str, Any]) -> Outer:
    return from_table(Outer, table, where="r.toml")


def test_defaults_fill_what_is_not_given() -> None:
    assert build({"name": "x"}) == Outer("x")


def test_every_kind_of_value_is_read() -> None:
    table = toml.loads(
        'name="x"\nmode="b"\ncolour="blue"\nsizes=[1,2]\npair=[1,2.5]\npath="p"\non=false\n'
        "[inner]\nwidth=7\nshare=1\n"
    )
    expected = Outer("x", Inner(7, 1.0), "b", Colour.BLUE, (1, 2), (1.0, 2.5), "p", False)
    assert build(table) == expected


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": "x", "siezs": []}, r"r\.toml has no key 'siezs'; did you mean 'sizes'\?"),
        ({}, r"lacks the key 'name'"),
        ({"name": 3}, r"'name' is 3"),
        ({"name": "x", "inner": {"width": 2.5}}, r"\[inner\]: 'width' is 2\.5"),
        ({"name": "x", "inner": {"width": True}}, r"'width' is True"),
        ({"name": "x", "inner": 3}, r"'inner' is 3"),
        ({"name": "x", "inner": {"share": float("nan")}}, r"'share' is nan"),
        ({"name": "x", "mode": "c"}, r"'mode' is 'c'"),
        ({"name": "x", "colour": "bleu"}, r"did you mean 'blue'"),
        ({"name": "x", "sizes": 3}, r"'sizes' is 3"),
        ({"name": "x", "sizes": ["a"]}, r"'sizes' is 'a'"),
        ({"name": "x", "pair": [1.0]}, r"'pair' is \[1\.0\]"),
        ({"name": "x", "on": 1}, r"'on' is 1"),
    ],
)
def test_wrong_tables_name_the_key(table: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        build(table)


@given(
    st.builds(
        Outer,
        name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
        inner=st.builds(
            Inner,
            width=st.integers(-(2**62), 2**62),
            share=st.floats(allow_nan=False, allow_infinity=False),
        ),
        sizes=st.lists(st.integers(0, 99)).map(tuple),
        path=st.none() | st.just("somewhere"),
    )
)
def test_a_record_survives_toml(record: Outer) -> None:
    assert build(toml.loads(tomli_w.dumps(to_table(record)))) == record


def test_arrays_survive_json() -> None:
    record = WithArray(np.arange(6, dtype=np.int16).reshape(2, 3), {"a": 1.5})
    again = from_table(WithArray, to_table(record), where="state")
    assert again.values.dtype == np.int16
    np.testing.assert_array_equal(again.values, record.values)
    assert again.extra == {"a": 1.5}


def test_an_array_may_be_named_by_an_alias() -> None:
    """NumPy's `NDArray` is an alias of its own kind since 2.5, and has its array as its value."""

    class Alias:
        __value__ = NDArray[np.int16]
        __class_getitem__ = classmethod(GenericAlias)

    record = make_dataclass("Aliased", [("values", Alias[np.int16])])  # type: ignore[type-arg]
    again = from_table(record, to_table(record(np.arange(3, dtype=np.int16))), where="state")
    assert again.values.tolist() == [0, 1, 2]


@dataclass(frozen=True)
class WithNone:
    passed: bool | None
    note: str | None = None


@pytest.mark.parametrize("passed", [None, True, False])
def test_what_is_none_is_left_out_and_read_back_as_none(passed: bool | None) -> None:
    table = to_table(WithNone(passed))
    assert ("passed" in table) is (passed is not None)
    assert from_table(WithNone, table, where="state") == WithNone(passed)


@pytest.mark.parametrize(
    "value",
    [
        3,
        {"dtype": "object", "shape": [1], "data": [None]},
        {"dtype": "int16", "shape": [9], "data": [1]},
    ],
)
def test_a_damaged_array_is_refused(value: Any) -> None:
    with pytest.raises(BadInput, match="'values'"):
        from_table(WithArray, {"values": value}, where="state")


def test_the_nearest_word_is_offered_only_when_near() -> None:
    assert nearest("epohcs", ["epochs", "seed"]) == "; did you mean 'epochs'?"
    assert nearest("zzz", ["epochs"]) == ""
