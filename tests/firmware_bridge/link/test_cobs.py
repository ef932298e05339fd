from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.link import cobs

zeros_and_others = st.lists(
    st.one_of(st.binary(max_size=4), st.integers(250, 260).map(lambda n: b"\x07" * n)), max_size=8
).map(b"\0".join)


@given(zeros_and_others)
def test_round_trip_without_a_zero(data: bytes) -> None:
    encoded = cobs.encode(data)
    assert 0 not in encoded
    assert len(encoded) <= len(data) + 1 + len(data) // 254
    assert cobs.decode(encoded) == data


@given(st.binary(max_size=600))
def test_any_bytes_decode_or_are_refused(encoded: bytes) -> None:
    try:
        decoded = cobs.decode(encoded)
    except cobs.NotCobs:
        return
    assert len(decoded) < len(encoded)
    assert cobs.decode(cobs.encode(decoded)) == decoded


@pytest.mark.parametrize(
    ("data", "encoded"),
    [
        (b"", b"\x01"),
        (b"\0", b"\x01\x01"),
        (b"\0\0", b"\x01\x01\x01"),
        (b"\x11\x22\0\x33", b"\x03\x11\x22\x02\x33"),
        (b"\x11\0\0\0", b"\x02\x11\x01\x01\x01"),
        (b"\x05" * 254, b"\xff" + b"\x05" * 254),
        (b"\x05" * 255, b"\xff" + b"\x05" * 254 + b"\x02\x05"),
        (b"\0" + b"\x05" * 254, b"\x01\xff" + b"\x05" * 254),
        (b"\x05" * 254 + b"\0", b"\xff" + b"\x05" * 254 + b"\x01\x01"),
    ],
)
def test_published_examples(data: bytes, encoded: bytes) -> None:
    assert cobs.encode(data) == encoded
    assert cobs.decode(encoded) == data


def test_a_full_block_at_the_end_may_be_closed_by_an_empty_one() -> None:
    assert cobs.decode(b"\xff" + b"\x05" * 254 + b"\x01") == b"\x05" * 254


@pytest.mark.parametrize("encoded", [b"", b"\0", b"\x03\x01", b"\x02\0", b"\x01\x05\x01"])
def test_what_is_not_cobs_is_refused(encoded: bytes) -> None:
    with pytest.raises(cobs.NotCobs):
        cobs.decode(encoded)
