"""Models that no runtime can prepare, and sound ones: what LiteRT's kernels say of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from edits import POOL, Build, rename, set_scale

from quantize.edgetpu.lint import lint_file
from quantize.tflite import read_model

CASES = {
    "SX_softmax_scale": ("scales", "1/256 = 0.00390625"),
    "E3_dense_bias_mismatch": ("scales", "0.00336712"),
    "AD_add_multiplier": ("scales", "must be above 2 x 0.04069545 / 2^20"),
    "F1_softmax_tiny_scale": ("scales", "is 1e-11"),
    "F3_softmax_beta0": ("scales", "its beta is 0"),
    "F5_softmax_no_options": ("scales", "its beta is 0"),
    "K_two_signatures": ("control-flow", "2 graphs"),
    "M2_int4_dense": ("eight-bit", "is int4"),
    "N_16x8": ("eight-bit", "is int16"),
    "ST_string_input": ("eight-bit", "is string"),
    "FX_flex_add_int8": ("supported-operator", "FlexAddV2"),
    "P_detection_postprocess": ("supported-operator", "TFLite_Detection_PostProcess"),
}
ADVICE = {
    "K_two_signatures": "signature_keys",
    "M2_int4_dense": "quantise weights to int8",
    "N_16x8": "16x8",
    "ST_string_input": "texts stay on the host",
    "FX_flex_add_int8": "SELECT_TF_OPS",
    "P_detection_postprocess": "the last operator already",
}
SOUND = ("micro_speech_quantized", "depth_multiplier_base", "R_two_inputs")


@pytest.mark.parametrize("name", CASES)
def test_what_no_runtime_can_prepare_is_found_with_tensor_and_numbers(
    shared: Path, name: str
) -> None:
    path = shared / "cases" / "models" / f"{name}.tflite"
    report = lint_file(path.read_bytes(), read_model(path))
    rule, detail = CASES[name]
    assert not report.passed
    found = [f for f in report.findings if f.rule.id == rule]
    assert any(detail in f.detail for f in found), [str(f) for f in report.findings]
    if name in ADVICE:
        assert any(ADVICE[name] in f.fix for f in found), [f.fix for f in found]


def test_one_fix_is_not_given_for_every_cause(shared: Path) -> None:
    assert len(set(ADVICE.values())) == len(ADVICE)
    text = "inference_input_type"
    for name in ADVICE:
        path = shared / f"cases/models/{name}.tflite"
        report = lint_file(path.read_bytes(), read_model(path))
        rule, detail = CASES[name]
        told = [f.fix for f in report.findings if f.rule.id == rule and detail in f.detail]
        assert not any(text in fix for fix in told), told


@pytest.mark.parametrize("name", SOUND)
def test_sound_models_are_prepared_and_pass(shared: Path, name: str) -> None:
    path = shared / f"cases/models/{name}.tflite"
    report = lint_file(path.read_bytes(), read_model(path))
    assert report.passed
    assert report.not_prepared == ""


def test_what_a_runtime_refuses_is_a_finding_of_that_operator(build_model: Build) -> None:
    """A concatenation may not rescale: the rule has the numbers, and the runtime's words."""

    def edit(model: Any, schema: Any) -> None:
        rename(POOL, "CONCATENATION", 2)(model, schema)
        graph = model.subgraphs[0]
        operator = graph.operators[POOL]
        operator.inputs = [operator.inputs[0]] * 2
        options = schema.ConcatenationOptionsT()
        options.axis = 3
        operator.builtinOptions = options
        operator.builtinOptionsType = schema.BuiltinOptions.ConcatenationOptions
        graph.tensors[7].shape = [1, 3, 3, 8]
        set_scale(7, 0.5)(model, schema)

    data = build_model(edit)
    report = lint_file(data, read_model(data, name="small.tflite"))
    (found,) = [f for f in report.findings if f.rule.id == "kernel-demands"]
    assert found.operator == POOL
    assert "CONCATENATION (pool)" in found.layer
    assert "'pool' has 0.5 and 0; they must be equal; LiteRT: " in found.detail
    assert report.refused
