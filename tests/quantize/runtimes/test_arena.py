from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantize.foundation.errors import InternalError
from quantize.foundation.measurement import Evidence
from quantize.runtimes import arena_usage
from quantize.runtimes.arena import parse_allocations

MARK = "[RecordingMicroAllocator] "
PRINT = [
    "INFO: something else",
    MARK + "Arena allocation total 24272 bytes",
    MARK + "Arena allocation head 16000 bytes",
    MARK + "Arena allocation tail 8272 bytes",
    MARK + "'TfLiteEvalTensor data' used 840 bytes with alignment overhead "
    "(requested 836 bytes for 35 allocations)",
    MARK + "'NodeAndRegistration struct' used 832 bytes with alignment overhead "
    "(requested 832 bytes for 13 NodeAndRegistration structs)",
]


def test_reads_the_allocation_print() -> None:
    usage = parse_allocations(PRINT, source="a print")
    assert (usage.total.value, usage.non_persistent.value, usage.persistent.value) == (
        24272,
        16000,
        8272,
    )
    assert (usage.total.unit, usage.total.evidence, usage.total.source) == (
        "bytes",
        Evidence.MEASURED,
        "a print",
    )
    first, second = usage.sections
    assert (first.name, first.used_bytes, first.requested_bytes, first.count) == (
        "TfLiteEvalTensor data",
        840,
        836,
        35,
    )
    assert second.count == 13
    assert usage.total.value == 24272
    assert second.name == "NodeAndRegistration struct"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "lacks figures"),
        (PRINT[:3], "lacks figures: .'head', 'total'."),
        ([*PRINT, PRINT[1]], "total twice"),
        ([PRINT[1].replace("24272", "24273"), *PRINT[2:4]], "do not add up"),
        ([PRINT[1].replace("24272", "-1"), *PRINT[2:4]], "lacks figures"),
        ([PRINT[1].replace("24272", "9" * 50), *PRINT[2:4]], "lacks figures"),
        ([PRINT[1] + " and more", *PRINT[2:4]], "lacks figures"),
        ([line.removeprefix(MARK) for line in PRINT], "lacks figures"),
        (["noise"] * 100 + PRINT, "lacks figures"),
    ],
)
def test_other_prints_are_refused(lines: list[str], reason: str) -> None:
    with pytest.raises(InternalError, match=reason):
        parse_allocations(lines, source="")


@settings(max_examples=30)
@given(st.lists(st.text(max_size=400).map(lambda text: MARK + text), max_size=50))
def test_any_text_gives_a_typed_error(lines: list[str]) -> None:
    with pytest.raises(InternalError):
        parse_allocations(lines, source="")


@pytest.mark.usefixtures("micro")
def test_the_small_models_arena(build_model: Callable[..., bytes]) -> None:
    usage = arena_usage(build_model())
    # Its two largest tensors that live at once: 6*5*2 -> 6*5*4, each rounded up to 16 bytes.
    assert usage.non_persistent.value >= 64 + 128
    assert usage.total.value == usage.persistent.value + usage.non_persistent.value
    assert sum(section.used_bytes for section in usage.sections) <= usage.persistent.value
    assert usage.total.source.startswith("tflite-micro ")
    assert arena_usage(build_model()) == usage


@pytest.mark.usefixtures("micro")
def test_the_keyword_models_arena(shared: Path) -> None:
    usage = arena_usage((shared / "mlperf_tiny" / "kws_ref_model.tflite").read_bytes())
    # Its largest layer: 25*5*64 bytes in and as many out.
    assert usage.non_persistent.value == 2 * 25 * 5 * 64
    assert 20_000 < usage.total.value < 30_000
