"""Models with several inputs, and models that keep state, in TFLite-Micro and LiteRT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeser.report.schemas.inspection import inspection_json
from quantize.foundation.errors import BadInput
from quantize.runtimes import Runtime, layer_outputs, random_samples, run_model, run_outputs
from quantize.tflite import read_model
from quantize.tflite.inspect import inspect_model

BOTH = pytest.mark.parametrize("runtime", [Runtime.TFLITE_MICRO, Runtime.LITERT_REFERENCE])


@pytest.fixture(scope="module")
def models(shared: Path) -> Path:
    return shared / "cases" / "models"


@pytest.fixture(scope="module")
def wake_word(models: Path) -> bytes:
    return (models / "mww2_okay_nabu.tflite").read_bytes()


@BOTH
def test_a_sequence_keeps_its_state_and_single_samples_begin_anew(
    runtimes: None, wake_word: bytes, runtime: Runtime
) -> None:
    """The same sample gives another answer after another, and the same where each begins anew."""
    (tensor,) = read_model(wake_word).main.input_tensors
    first, second = random_samples(tensor, 2)
    steps = np.stack([first, second, first])
    alone = run_model(wake_word, steps, runtime=runtime)
    together = run_model(wake_word, steps, runtime=runtime, sequence=True)
    assert alone[0] == alone[2] == together[0]
    assert together[2] != together[0]
    layers = layer_outputs(wake_word, steps, runtime=runtime, sequence=True)
    read, kept = layers["model/stream/concat/ReadVariableOp"], layers["model/stream/strided_slice2"]
    np.testing.assert_array_equal(read[1:], kept[:-1])


def test_a_resource_has_its_first_value_where_samples_begin_anew(
    micro: None, wake_word: bytes
) -> None:
    """TFLite-Micro's own reset does not run CALL_ONCE again."""
    model = read_model(wake_word)
    (value,) = (t for t in model.subgraphs[1].tensors if t.name == "tfl.pseudo_qconst1")
    raw = model.buffers[value.buffer].tobytes()
    assert wake_word.count(raw) == 1
    begun = wake_word.replace(raw, bytes([5]) * len(raw))
    steps = np.repeat(random_samples(model.main.input_tensors[0], 1), 2, axis=0)
    layers = layer_outputs(begun, steps, runtime=Runtime.TFLITE_MICRO)
    read = layers["model/stream_4/concat/ReadVariableOp"]
    assert (read == 5).all()


def test_several_inputs_are_told_apart(runtimes: None, models: Path) -> None:
    data = (models / "R_two_inputs.tflite").read_bytes()
    inputs = [
        random_samples(tensor, 4, seed=seed)
        for seed, tensor in enumerate(read_model(data).main.input_tensors)
    ]
    (micro,) = run_outputs(data, inputs, runtime=Runtime.TFLITE_MICRO)
    (swapped,) = run_outputs(data, inputs[::-1], runtime=Runtime.TFLITE_MICRO)
    (litert,) = run_outputs(data, inputs, runtime=Runtime.LITERT_REFERENCE)
    assert (micro != swapped).any()
    assert np.abs(micro.astype(int) - litert).max() <= 1
    with pytest.raises(BadInput, match="have 4, 3 samples, not as many each"):
        run_outputs(data, [inputs[0], inputs[1][:3]], runtime=Runtime.TFLITE_MICRO)
    with pytest.raises(BadInput, match="takes int8, and the inputs are uint8"):
        run_outputs(data, [inputs[0], inputs[1].view(np.uint8)], runtime=Runtime.TFLITE_MICRO)


def test_a_handle_keeps_no_model_from_being_int8(wake_word: bytes) -> None:
    """What is named is the uint8 output alone, and the layer that makes it."""
    found = inspect_model(read_model(wake_word))
    assert [offender.dtype for offender in found.offenders] == ["uint8", "uint8"]


def test_what_is_kept_is_told_by_its_name(wake_word: bytes) -> None:
    kept = inspection_json(inspect_model(read_model(wake_word)))["state"]
    assert {tensor["name"]: tensor["shape"] for tensor in kept} == {
        "stream/states": [1, 2, 1, 40],
        "stream_1/states": [1, 4, 1, 32],
        "stream_2/states": [1, 10, 1, 64],
        "stream_3/states": [1, 14, 1, 64],
        "stream_4/states": [1, 22, 1, 64],
        "stream_5/states": [1, 5, 1, 64],
    }
