from __future__ import annotations

from fractions import Fraction

import pytest

from edgeser.benchmark.growth import growth_limit
from quantize.foundation.errors import BadInput


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("+2%", 51_000),
        ("2%", 51_000),
        ("-1.5%", 49_250),
        ("-100%", 0),
        ("+4kB", 54_000),
        ("+4 KiB", 54_096),
        ("-1000", 49_000),
        ("+0%", 50_000),
        ("300kB", 300_000),
        ("0.5MiB", 524_288),
        ("1.2MB", 1_200_000),
        ("65536", 65_536),
    ],
)
def test_what_a_limit_of_bytes_allows_over_50_000(text: str, allowed: int) -> None:
    assert growth_limit("flash", text).allowed(50_000) == allowed


def test_counts_and_times_have_units_of_their_own() -> None:
    assert growth_limit("instructions", "3.5M").allowed(None) == 3_500_000
    assert growth_limit("latency", "+250us").allowed(2) == Fraction(9, 4)
    assert growth_limit("inference_ms", "0.02s").allowed(None) == 20
    assert growth_limit("scratch_bytes", "2kB").figures == ("scratch_bytes",)


def test_a_tenth_of_a_per_cent_is_exact() -> None:
    """In floating point 1.001 times 3,000 is 3002.9999999999995, and 3,003 would be refused."""
    assert growth_limit("instructions", "+0.1%").allowed(3000.0) == 3003


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1e9",
        "nan",
        "inf%",
        "5KB",
        "3M",
        "4ms",
        "--1%",
        "1,5%",
        "9" * 16,
        "\u0663%",
        "-101%",
    ],
)
def test_what_is_no_limit_of_bytes_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput) as error:
        growth_limit("ram", text)
    assert "write " in error.value.hint


def test_more_of_what_is_better_has_no_limit() -> None:
    with pytest.raises(BadInput, match="more of it is better"):
        growth_limit("inferences_per_s", "+1%")
