"""DIV by a constant: every byte is TFLite-Micro's, where its arithmetic is defined."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from exactness import CaseBuilder, Exactness, Quantised, few, quantisations, random_inputs, several
from hypothesis import given
from hypothesis import strategies as st
from operator_models import ModelBuilder

from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput


@dataclass(frozen=True)
class Quotient:
    source: Quantised
    divisor: Quantised
    value: int
    ratio: float
    zero_point: int
    activation: int

    @property
    def target(self) -> Quantised:
        """With a multiplier of more bits than the divisor has, as in models by and large."""
        by = abs(self.value - self.divisor.zero_point)
        bits = max(by, 1).bit_length()
        scale = self.source.scale / self.divisor.scale / 2.0 ** (bits + self.ratio)
        return Quantised(float(np.float32(scale)), self.zero_point)


quotients = st.builds(
    Quotient,
    quantisations,
    quantisations,
    st.integers(-128, 127),
    st.floats(-1.9, 12),
    st.integers(-128, 127),
    st.sampled_from((0, 0, 1, 2, 3)),
).filter(lambda case: case.value != case.divisor.zero_point)


def add_quotient(builder: CaseBuilder, case: Quotient) -> None:
    kind = case.divisor
    data = np.full((1, 1), case.value, np.int8)
    divisor = builder.tensor((1, 1), scale=kind.scale, zero_point=kind.zero_point, data=data)
    operands = (builder.operand((1, 256), case.source), divisor)
    output = builder.output((1, 256), case.target)
    builder.operator(
        "DIV", operands, (output,), "Div", fusedActivationFunction=case.activation, version=2
    )


@few
@given(cases=several(quotients))
def test_every_value_by_a_constant(exactness: Exactness, cases: list[Quotient]) -> None:
    builder = CaseBuilder()
    for case in cases:
        add_quotient(builder, case)
    every = np.tile(np.arange(-128, 128, dtype=np.int8), len(cases))
    exactness.check(builder.finish(), every.reshape(1, 1, -1))


def test_every_divisor(exactness: Exactness) -> None:
    plain = Quotient(Quantised(0.1, -3), Quantised(0.02, 0), 1, 0.3, 7, 0)
    builder = CaseBuilder()
    for value in (*range(-128, 0, 3), *range(1, 128, 3)):
        add_quotient(builder, replace(plain, value=value))
    exactness.check(builder.finish(), random_inputs(2, (1, builder.length)))


def refused(case: Quotient) -> str:
    builder = CaseBuilder()
    add_quotient(builder, case)
    with pytest.raises(BadInput) as caught:
        compile_model(builder.finish(), "m")
    return caught.value.message


def test_what_tflite_micro_does_not_define_is_refused() -> None:
    plain = Quotient(Quantised(0.1, -3), Quantised(0.02, 5), 100, 0.3, 7, 0)
    assert "it divides by 0" in refused(replace(plain, value=5))
    assert "its scales lead to shifts that TFLite-Micro does not define" in refused(
        replace(plain, ratio=-3.0)
    )
    builder = ModelBuilder()
    x, y = builder.tensor((1, 4), scale=0.5), builder.tensor((1, 4), scale=0.5)
    builder.operator("DIV", (x, x), (y,), "Div")
    with pytest.raises(BadInput, match=r"0 DIV .* its divisor is not one constant"):
        compile_model(builder.build((x,), (y,)), "m")
