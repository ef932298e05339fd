"""The reader's three answers: damaged, whole but not read, odd but usable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.report.schemas.inspection import inspection_json
from quantize.foundation.errors import BadInput
from quantize.tflite import examine_model, inspect_model, read_model

Build = Callable[..., bytes]
Edit = Callable[[Any, Any], None]


def quantised(index: int, **fields: Any) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].tensors[index].quantization, name, value)

    return edit


def optioned(index: int, **fields: Any) -> Edit:
    def edit(model: Any, schema: Any) -> None:
        for name, value in fields.items():
            setattr(model.subgraphs[0].operators[index].builtinOptions, name, value)

    return edit


def spare(**fields: Any) -> Edit:
    """A tensor that nothing uses."""

    def edit(model: Any, schema: Any) -> None:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = "spare", [1, 3], schema.TensorType.INT8
        for name, value in fields.items():
            setattr(tensor, name, value)
        model.subgraphs[0].tensors.append(tensor)

    return edit


def infinite_spare(model: Any, schema: Any) -> None:
    quantisation = schema.QuantizationParametersT()
    quantisation.scale, quantisation.zeroPoint = [float("inf")], [0]
    spare(quantization=quantisation)(model, schema)


def metadata_of_no_buffer(model: Any, schema: Any) -> None:
    entry = schema.MetadataT()
    entry.name, entry.buffer = "notes", 500
    model.metadata = [entry]


def signature_of_no_tensor(model: Any, schema: Any) -> None:
    signature, named = schema.SignatureDefT(), schema.TensorMapT()
    signature.signatureKey, named.name, named.tensorIndex = "serve", "x", 77
    signature.inputs, signature.outputs = [named], []
    model.signatureDefs = [signature]


def codes_disagree(model: Any, schema: Any) -> None:
    model.operatorCodes[4].deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D


def newer_operator(model: Any, schema: Any) -> None:
    code = model.operatorCodes[3]
    code.builtinCode, code.deprecatedBuiltinCode = 999, 127


def signature_of_another_rank(model: Any, schema: Any) -> None:
    model.subgraphs[0].tensors[0].shapeSignature = [-1, 6]


def twins(model: Any, schema: Any) -> None:
    model.subgraphs[0].outputs = [12, 3]
    model.subgraphs[0].tensors[3].name = "logits"


@pytest.mark.parametrize(
    ("edit", "where", "what"),
    [
        (quantised(11, quantizedDimension=3), "tensor 11 (dense/b)", "quantised dimension of 3"),
        (quantised(11, quantizedDimension=-1), "tensor 11 (dense/b)", "quantised dimension of -1"),
        (quantised(2, quantizedDimension=3), "tensor 2 (conv/b)", "axis 3 is said to be"),
        (quantised(1, zeroPoint=[0]), "tensor 1 (conv/w)", "one zero point for all"),
        (quantised(10, scale=[0.0]), "tensor 10 (dense/w)", "a scale is 0"),
        (quantised(10, scale=[1e-40]), "tensor 10 (dense/w)", "denormal"),
        (infinite_spare, "tensor 13 (spare)", "a scale is infinite; nothing uses it"),
        (spare(type=99), "tensor 13 (spare)", "its type 99 is not known here, and nothing uses it"),
        (spare(buffer=2), "tensor 13 (spare)", "nothing uses it"),
        (metadata_of_no_buffer, "metadata 0 (notes)", "buffer 500 of"),
        (signature_of_no_tensor, "signature 'serve'", "tensor 77 of 13"),
        (codes_disagree, "operator code 4 (FULLY_CONNECTED)", "CONV_2D to older runtimes"),
        (newer_operator, "operator code 3 (BUILTIN_999)", "newer than those known"),
        (signature_of_another_rank, "tensor 0 (input)", "differ in rank"),
        (twins, "outputs", "one name"),
        (
            optioned(1, depthMultiplier=0),
            "operator 1 DEPTHWISE_CONV_2D (dw)",
            "its depth_multiplier is 0, where its weights imply 1",
        ),
        (optioned(1, strideH=1), "operator 1 DEPTHWISE_CONV_2D (dw)", "make [6, 3] of [6, 5]"),
        (optioned(2, padding=0, strideW=1), "operator 2 AVERAGE_POOL_2D (pool)", "[1, 3]"),
    ],
)
def test_what_is_odd_is_read_and_said(
    build_model: Build, edit: Edit, where: str, what: str
) -> None:
    model = read_model(build_model(edit))
    assert [o.where for o in model.oddities if what in o.what] == [where], model.oddities
    assert inspect_model(model).operators


def test_a_sound_model_has_no_oddity(build_model: Build) -> None:
    assert read_model(build_model()).oddities == ()


def sparse(model: Any, schema: Any) -> None:
    model.subgraphs[0].tensors[10].sparsity = schema.SparsityParametersT()


def external(model: Any, schema: Any) -> None:
    model.subgraphs[0].tensors[10].buffer = 0
    model.subgraphs[0].tensors[10].externalBuffer = 7


def nothing_in_it(model: Any, schema: Any) -> None:
    model.subgraphs[0].tensors[0].shape = [1, 0, 5, 2]


def newer_type(model: Any, schema: Any) -> None:
    model.subgraphs[0].tensors[0].type = 99


def known_at_run_time(model: Any, schema: Any) -> None:
    tensor = model.subgraphs[0].tensors[9]
    tensor.shape, tensor.shapeSignature = [1, 1], [1, -1]


@pytest.mark.parametrize(
    ("edit", "lead", "what", "advice"),
    [
        (
            sparse,
            "is sound, but",
            "tensor 10 (dense/w): its values are stored sparsely",
            "sparsity",
        ),
        (external, "is sound, but", "tensor 10 (dense/w): its values lie in another", "one file"),
        (nothing_in_it, "is sound, but", "operator 0 CONV_2D (conv): it uses tensor 0", "layer"),
        (newer_type, "is sound, but", "tensor 0 (input): its type 99", "newer edgeser"),
        (known_at_run_time, "is sound, but", "shapes are known only at run time", "fix the shapes"),
        (quantised(3, scale=[float("inf")]), "cannot be used", "a scale is infinite", "calibrate"),
        (quantised(3, scale=[float("nan")]), "cannot be used", "is not a number", "calibrate"),
        (quantised(3, scale=[0.0]), "cannot be used", "a scale is 0", "calibrate"),
    ],
)
def test_what_is_whole_but_not_read_says_what_to_do_and_can_be_looked_at(
    build_model: Build, edit: Edit, lead: str, what: str, advice: str
) -> None:
    data = build_model(edit)
    with pytest.raises(BadInput) as caught:
        read_model(data, name="net")
    assert caught.value.message.startswith(f"net {lead}")
    assert what in caught.value.message
    assert advice in caught.value.hint
    found = inspect_model(examine_model(data, name="net"))
    assert len(found.operators) == 5
    assert what.rpartition(": ")[2] in str(found.unread[0])


def test_damage_says_where(build_model: Build) -> None:
    data = build_model(lambda m, s: setattr(m.subgraphs[0].tensors[1], "buffer", 77))
    with pytest.raises(BadInput, match=r"is a damaged .*: tensor 1: it refers to buffer 77 of"):
        examine_model(data)


def test_a_pointer_of_git_lfs_is_named() -> None:
    with pytest.raises(BadInput, match="pointer of Git LFS") as caught:
        read_model(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert "git lfs pull" in caught.value.hint


def test_int8_needs_a_scale(build_model: Build) -> None:
    def bare(model: Any, schema: Any) -> None:
        model.subgraphs[0].tensors[7].quantization = None

    found = inspect_model(read_model(build_model(bare)))
    assert not found.fully_int8
    assert str(found.offenders[0]) == (
        "operator 2 AVERAGE_POOL_2D (pool): tensor 'pool' is int8 without a scale"
    )


@pytest.mark.parametrize(
    ("edit", "tensor", "missing"),
    [
        (quantised(3, scale=[float("inf")]), "'conv' is int8", "finite scale"),
        (quantised(3, scale=[float("nan")]), "'conv' is int8", "scale that is a number"),
        (quantised(3, scale=[0.0]), "'conv' is int8", "scale above 0"),
        (quantised(1, scale=[0.1, float("inf"), 1, 1]), "'conv/w' is int8", "finite scale"),
        (quantised(1, scale=[0.1, 0.1, 0.0, 0.1]), "'conv/w' is int8", "scale above 0"),
        (quantised(11, scale=[float("nan")]), "'dense/b' is int32", "scale that is a number"),
        (quantised(0, scale=[float("inf")]), "model input: tensor 'input'", "finite scale"),
        (quantised(12, scale=[0.0]), "model output: tensor 'logits'", "scale above 0"),
    ],
)
def test_int8_needs_a_scale_that_integers_can_have(
    build_model: Build, edit: Edit, tensor: str, missing: str
) -> None:
    found = inspect_model(examine_model(build_model(edit)))
    assert not found.fully_int8
    assert tensor in str(found.offenders[0])
    assert str(found.offenders[0]).endswith(f" without a {missing}")
    assert inspection_json(found)["not_int8"][0]["missing"] == missing


def test_a_channel_of_zeros_may_have_a_scale_of_0(build_model: Build) -> None:
    def edit(model: Any, schema: Any) -> None:
        quantised(1, scale=[0.1, 0.1, 0.0, 0.1])(model, schema)
        buffer = model.buffers[model.subgraphs[0].tensors[1].buffer]
        values = np.array(buffer.data, np.uint8).reshape(4, -1)
        values[2] = 0
        buffer.data = values.reshape(-1)

    assert inspect_model(read_model(build_model(edit))).fully_int8


def test_a_negative_scale_is_damage(build_model: Build) -> None:
    with pytest.raises(BadInput, match=r"tensor 3 \(conv\): a scale is negative"):
        examine_model(build_model(quantised(3, scale=[-0.5])))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("person_detect", "odd"),
        ("B_zero_channel_scale", "odd"),
        ("V_depth_multiplier0", "odd"),
        ("SP2_sparse_float", "unread"),
        ("A_inf_scale", "unread"),
        ("depth_multiplier_base", "sound"),
        ("K_two_signatures", "sound"),
    ],
)
def test_real_cases(shared: Path, name: str, answer: str) -> None:
    path = shared / "cases" / "models" / f"{name}.tflite"
    if not path.is_file():
        pytest.skip("this folder of real models holds no cases")
    model = examine_model(path)
    assert bool(model.oddities) == (answer == "odd")
    assert bool(model.unread) == (answer == "unread")
