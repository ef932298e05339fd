"""The rules, each on a model that breaks it, and placements against what the compiler did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edits import (
    CONV,
    DENSE,
    DEPTHWISE,
    POOL,
    RESHAPE,
    Build,
    Edit,
    addition,
    all_float,
    bias_of_64_bits,
    both,
    compute_input,
    constant_answer,
    custom,
    float_input,
    lstm,
    nearly_equal_weights,
    open_batch,
    open_height,
    own_input,
    per_channel_dense,
    rename,
    requantise,
    reshape_tensor,
    resize,
    set_option,
    set_scale,
    set_version,
    softmax,
    with_input,
)

from edgeser.report.schemas.estimate import estimate_json
from edgeser.report.schemas.lint import lint_json
from quantize.edgetpu.checks import CHECKS
from quantize.edgetpu.estimate import estimate
from quantize.edgetpu.lint import CPU, EDGE_TPU, LintReport, lint_model
from quantize.edgetpu.operators import MAPPABLE, REFUSED_FROM
from quantize.edgetpu.package import read_compiled
from quantize.edgetpu.rules import RULES, Effect
from quantize.foundation.errors import BadInput
from quantize.tflite import read_model
from quantize.tflite.schema import OPERATOR_NAMES

PAIRS = (
    "deeplabv3_mnv2_dm05_pascal_quant",
    "keras_lstm_mnist_ptq",
    "mobilenet_v1_0.25_128_quant",
    "split_concat",
)


def linted(build_model: Build, edit: Edit | None = None) -> LintReport:
    return lint_model(read_model(build_model(edit), name="small.tflite"))


def broken_rules(report: LintReport) -> set[str]:
    return {finding.rule.id for finding in report.findings}


@pytest.mark.parametrize("name", PAIRS)
def test_placements_are_those_of_the_compiler(shared: Path, name: str) -> None:
    report = lint_model(read_model(shared / "edgetpu_models" / f"{name}.tflite"))
    compiled_model = read_model(shared / "edgetpu_models" / f"{name}_edgetpu.tflite")
    compiled = read_compiled(compiled_model)
    graph = compiled_model.main
    left = [op.name for op in graph.operators[1:]]
    assert graph.operators[0].index == compiled.packages[0].operator
    assert [p.name for p in report.placements if p.runs_on == CPU] == left
    assert report.mapped == len(report.placements) - len(left)
    assert report.passed is not bool(left)
    # The CPU's operators are the last ones, in the same order and with the same outputs.
    made = [graph.tensors[op.outputs[0]].name.split(";")[0] for op in graph.operators[1:]]
    last = report.placements[report.mapped :]
    for label, placement in zip(made, last, strict=True):
        assert label in placement.layer


def test_a_model_without_faults_has_no_findings(build_model: Build) -> None:
    report = linted(build_model)
    assert report.findings == ()
    assert report.passed
    assert report.summary == "all 5 operators map to the Edge TPU"
    assert all(p.runs_on == EDGE_TPU and not p.reason for p in report.placements)


# Tensors of the small model: 0 input, 3 conv, 6 dw, 7 pool, 9 flat, 12 logits.
BROKEN: tuple[tuple[str, Edit, str], ...] = (
    ("unknown-builtin", rename(POOL, "GELU"), "it is GELU"),
    ("refused-version", set_version(CONV, 6), "CONV_2D is version 6"),
    ("refused-version", set_version(DENSE, 12), "FULLY_CONNECTED is version 12"),
    ("refused-version", rename(POOL, "QUANTIZE", 3), "QUANTIZE is version 3"),
    ("refused-version", rename(POOL, "EXP", 2), "EXP is version 2"),
    ("control-flow", rename(POOL, "WHILE"), "it is WHILE"),
    ("constant-sizes", compute_input(RESHAPE, 1), "'to' [2] is computed"),
    ("constant-sizes", open_height, "unknown length"),
    ("quantised-model", all_float, "there are none"),
    ("open-batch", open_batch, "it is open"),
    ("supported-operator", rename(POOL, "HARD_SWISH"), "HARD_SWISH is not on it"),
    ("supported-operator", custom, "the custom operator MyPool\\x1b[31m"),
    ("supported-version", set_version(DEPTHWISE, 7), "known to map up to 3"),
    ("supported-version", set_version(CONV, 4), "CONV_2D is version 4"),
    ("eight-bit", float_input, "'input' [1, 6, 5, 2] is float32"),
    ("constant-parameters", compute_input(CONV, 1), "'conv/w' [4, 3, 3, 2] is computed"),
    ("equal-dilation", set_option(CONV, dilationHFactor=2), "it has 2 and 1"),
    ("plain-pooling", set_option(POOL, fusedActivationFunction=3), "it has RELU6"),
    ("mean-axes", both(with_input(POOL, "MEAN", [3]), own_input(POOL, [1, 3, 3, 6])), "6 channels"),
    ("mean-axes", both(with_input(POOL, "MEAN", [0]), own_input(POOL, [2, 3, 3, 2])), "the batch"),
    ("whole-batch", with_input(POOL, "PAD", [[1, 0], [0, 0], [0, 0], [0, 0]]), "pads the batch"),
    ("whole-batch", with_input(POOL, "SUM", [0]), "it reduces the batch"),
    ("whole-batch", with_input(POOL, "REDUCE_MAX", [-4]), "it reduces the batch"),
    ("flat-softmax", rename(POOL, "SOFTMAX"), "'dw' [1, 3, 3, 4] has several"),
    ("flat-softmax", both(rename(POOL, "SOFTMAX"), own_input(POOL, [1, 16001])), "16,001 elements"),
    ("softmax-cost", rename(POOL, "SOFTMAX"), "this is one"),
    ("flat-dense", set_option(DENSE, weightsFormat=1), "shuffled"),
    ("flat-dense", both(reshape_tensor(9, [4, 4]), reshape_tensor(12, [4, 3])), "has several"),
    ("dense-per-tensor", per_channel_dense, "it has 3 scales"),
    ("rank", both(rename(POOL, "RELU"), own_input(POOL, [2, 3, 3, 2])), "[2, 3, 3, 2] has more"),
    ("resize-precision", resize([1, 1, 1, 4], [1, 3, 3, 4]), "it makes 3 of 1"),
    ("resize-precision", resize([1, 3, 3, 4], [1, 64, 3, 4]), "it makes 64 of 3"),
    ("resize-precision", resize([1, 512, 512, 8], [1, 1024, 1024, 8]), "is larger"),
    ("large-activations", both(rename(POOL, "RELU"), own_input(POOL, [3000, 3000])), "9,000,000"),
    ("large-reshape", both(rename(POOL, "RESHAPE"), reshape_tensor(7, [1024, 1025])), "1,049,600"),
    ("kernel-demands", rename(POOL, "LOGISTIC", 2), "scale is 0.06, must be 1/256 = 0.00390625"),
    ("kernel-demands", rename(POOL, "TANH", 2), "output scale is 0.06, must be 1/128 = 0.0078125"),
    ("kernel-demands", bias_of_64_bits, "bias tensor 'conv/b' is int64, must be int32"),
    ("kernel-demands", requantise(2, zeroPoint=[4] * 4), "'conv/b': zero point is 4, must be 0"),
    ("kernel-demands", requantise(1, quantizedDimension=1, scale=[0.1] * 3, zeroPoint=[0] * 3),
     "'conv/w' have 3 scales along axis 1, must be 4 along axis 0"),
    ("kernel-demands", requantise(1, zeroPoint=[0, 4, 0, 0]), "zero point is 4, must be 0 in int8"),
    ("unequal-scales", requantise(7, scale=[0.5]), "'pool' has 0.5 and 3; they must be equal"),
    ("unequal-scales", requantise(9, zeroPoint=[5]), "'flat' has 0.06 and 5"),
    ("unequal-scales", requantise(2, scale=[0.5] * 4), "is 0.5, must be input scale x weight"),
    ("unequal-scales", requantise(10, zeroPoint=[2]), "'dense/w': zero point is 2, must be 0"),
    ("one-input", compute_input(CONV, 1), "there are 2"),
    ("no-lstm", lstm, "it is UNIDIRECTIONAL"),
    ("scales", softmax(scale=0.0918), "'pool' is 0.0918, where its kernel gives 1/256"),
    ("scales", softmax(zero_point=0), "the zero point of its output 'pool' is 0"),
    ("scales", softmax(0.0), "its beta is 0"),
    ("scales", softmax(float("nan")), "its beta is nan"),
    ("scales", both(softmax(), set_scale(13, 1e-9)), "its input 'own' is 1e-09"),
    ("scales", set_scale(11, 0.5), "bias 'dense/b' is 0.5, where input 'flat' x weights 'dense/w'"),
    ("scales", addition(1e-9), "output 'pool' is 1e-09, too small beside"),
    ("scales", both(set_option(CONV, fusedActivationFunction=3), set_scale(3, 1e-9)),
     "the bound of RELU6, 6, is no 32-bit integer"),
    ("unseen-range", set_scale(7, 7.843137e-09), "'pool' [1, 1, 1, 4] has the scale 7.84e-09"),
    ("one-step", nearly_equal_weights, "has the values 0 and 1 only"),
    ("one-step", constant_answer, "was recorded from 0.1 to 0.12, and a step is 0.04"),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "edit", "detail"), BROKEN)
def test_each_rule_finds_what_breaks_it(
    build_model: Build, rule: str, edit: Edit, detail: str
) -> None:
    report = linted(build_model, edit)
    found = [f for f in report.findings if f.rule.id == rule]
    assert found, broken_rules(report)
    assert any(detail in f.detail for f in found), [f.detail for f in found]
    effect = RULES[rule].effect
    assert report.refused or effect is not Effect.REFUSED
    if effect in {Effect.REFUSED, Effect.CPU}:
        assert not report.passed
    assert all(f.rule.text in str(f) and f.fix for f in found)


NOT_BROKEN_HERE = {"prelu-alpha", "unit-strides", "constant-concatenation", "prepares"}


def test_no_advice_is_to_use_what_may_have_written_the_file() -> None:
    assert not [rule.id for rule in RULES.values() if "with 'edgeser export'" in rule.fix]


def test_every_rule_is_broken_by_some_test() -> None:
    assert {rule for rule, _, _ in BROKEN} | NOT_BROKEN_HERE == set(RULES)
    assert set(CHECKS) <= set(RULES)


def three_inputs(kind: str, name: str, union: str, **options: Any) -> Edit:
    """Turn the pooling into an operator with constant inputs of its own."""

    def edit(model: Any, schema: Any) -> None:
        rename(POOL, kind)(model, schema)
        graph = model.subgraphs[0]
        operator = graph.operators[POOL]
        inputs = [operator.inputs[0]]
        for index, (values, kind_of) in enumerate(options["constants"]):
            data = np.asarray(values, kind_of)
            buffer, tensor = schema.BufferT(), schema.TensorT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            tensor.name, tensor.shape = f"{name}{index}", list(data.shape)
            tensor.buffer = len(model.buffers)
            tensor.type = (
                schema.TensorType.INT8 if data.dtype == np.int8 else schema.TensorType.INT32
            )
            tensor.quantization = graph.tensors[inputs[0]].quantization
            model.buffers.append(buffer)
            graph.tensors.append(tensor)
            inputs.append(len(graph.tensors) - 1)
        operator.inputs = inputs
        if union:
            operator.builtinOptions = getattr(schema, f"{union}T")()
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, union)

    return edit


def test_prelu_with_an_alpha_for_each_pixel(build_model: Build) -> None:
    each = three_inputs("PRELU", "alpha", "", constants=[(np.ones((3, 3, 4)), np.int8)])
    assert broken_rules(linted(build_model, each)) == {"prelu-alpha"}
    channel = three_inputs("PRELU", "alpha", "", constants=[(np.ones((1, 1, 4)), np.int8)])
    assert not broken_rules(linted(build_model, channel))


def test_slices_with_strides(build_model: Build) -> None:
    def slices(strides: list[int]) -> Edit:
        constants = [(v, np.int32) for v in ([0] * 4, [1, 3, 3, 4], strides)]
        return three_inputs("STRIDED_SLICE", "s", "StridedSliceOptions", constants=constants)

    report = linted(build_model, slices([1, 2, 1, 1]))
    assert broken_rules(report) == {"unit-strides"}
    assert "[1, 2, 1, 1]" in report.findings[0].detail
    assert not broken_rules(linted(build_model, slices([1, 1, 1, 1])))


def test_concatenations_with_a_constant(build_model: Build) -> None:
    def concat(value: int, count: int) -> Edit:
        constants = [(np.full((1, 3, 3, 4), value), np.int8)] * count
        return three_inputs("CONCATENATION", "c", "ConcatenationOptions", constants=constants)

    zero_point = 3
    assert not broken_rules(linted(build_model, concat(zero_point, 1)))
    assert broken_rules(linted(build_model, concat(0, 1))) == {"constant-concatenation"}
    assert broken_rules(linted(build_model, concat(zero_point, 2))) == {"constant-concatenation"}


def test_all_after_the_first_that_does_not_map_runs_on_the_cpu(build_model: Build) -> None:
    report = linted(build_model, rename(POOL, "SQRT"))
    assert [p.runs_on for p in report.placements] == [EDGE_TPU, EDGE_TPU, CPU, CPU, CPU]
    assert report.placements[3].reason == "it comes after an operator that runs on the CPU"
    assert report.summary.startswith("2 of 5 operators map to the Edge TPU; the first on the CPU")
    assert "host" in report.findings[0].fix


def test_operators_of_the_inputs_may_run_on_the_cpu_first(build_model: Build) -> None:
    def edit(model: Any, schema: Any) -> None:
        rename(CONV, "QUANTIZE")(model, schema)
        graph = model.subgraphs[0]
        graph.operators[CONV].inputs = graph.operators[CONV].inputs[:1]
        float_input(model, schema)

    report = linted(build_model, edit)
    assert [p.runs_on for p in report.placements] == [CPU, *[EDGE_TPU] * 4]
    assert not report.passed


def test_nothing_runs_on_the_chip_when_the_file_is_refused(build_model: Build) -> None:
    report = linted(build_model, set_version(DENSE, 12))
    assert report.mapped == 0
    assert report.summary == "compiler 16.0 would refuse this file"


def test_a_compiled_file_is_not_linted(shared: Path) -> None:
    path = shared / "edgetpu_models" / "testconv1-edgetpu.tflite"
    with pytest.raises(BadInput, match="is compiled for the Edge TPU already"):
        lint_model(read_model(path))


def test_the_tables_name_operators_that_exist() -> None:
    assert set(MAPPABLE) | set(REFUSED_FROM) <= set(OPERATOR_NAMES)
    for name, refused in REFUSED_FROM.items():
        assert name not in MAPPABLE or refused > MAPPABLE[name].versions[1]
    assert all(rule.id == key and rule.text.endswith(".") for key, rule in RULES.items())
    assert not [rule.id for rule in RULES.values() if rule.fix.endswith(".")]


def test_mutants_are_linted_or_refused(build_model: Build, shared: Path) -> None:
    small = shared / "edgetpu_models" / "keras_lstm_mnist_ptq.tflite"
    models = (build_model(), small.read_bytes())
    rng = np.random.default_rng(5)
    outcomes = {"linted": 0, "refused": 0}
    for index in range(2500):
        mutant = bytearray(models[index % 2])
        for _ in range(rng.integers(1, 5)):
            near = int(rng.integers(0, min(len(mutant), 3000)))
            mutant[near if rng.random() < 0.5 else -1 - near] ^= 1 << int(rng.integers(0, 8))
        try:
            model = read_model(bytes(mutant))
            report = lint_model(model)
            json.dumps(lint_json(report), allow_nan=False)
            if report.mapped:
                json.dumps(estimate_json(estimate(model)), allow_nan=False)
            outcomes["linted"] += 1
        except BadInput as error:
            assert "\n" not in str(error)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 50
