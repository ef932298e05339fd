"""`edgeser export` of a network of others, as far as nothing is converted: what is refused, how."""

from __future__ import annotations

import pickle
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from edgeser.evaluation.network_parity import (
    NetworkParity,
    NetworkTolerances,
    OutputParity,
    compare_output,
)
from edgeser.pipeline.exports.network import read_labels, unseen_inputs
from edgeser.pipeline.exports.network_data import held_out, read_network_data
from edgeser.report.network import network_tables
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence, Measurement
from tests.conftest import Edgeser
from tests.firmware_bridge.kernels.operator_models import ModelBuilder


def figure(value: float, unit: str) -> Measurement:
    return Measurement(value, unit, Evidence.MEASURED, "a test")


def test_data_is_read_by_name_from_npz_npy_and_folders(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
    np.savez(tmp_path / "all.npz", image=values, level=values[:, 0])
    np.savez_compressed(tmp_path / "small.npz", image=values)
    np.save(tmp_path / "one.npy", values)
    folder = tmp_path / "samples"
    folder.mkdir()
    for place, each in enumerate(values):
        np.save(folder / f"{place:03d}.npy", each)
    read = read_network_data(tmp_path / "all.npz")
    assert list(read.arrays) == ["image", "level"]
    assert read.samples == 4
    for source in ("small.npz", "one.npy", "samples"):
        (found,) = read_network_data(tmp_path / source).arrays.values()
        assert np.array_equal(found, values)


def test_objects_bombs_and_what_is_no_data_are_refused(tmp_path: Path) -> None:
    objects = tmp_path / "objects.npz"
    np.savez(objects, x=np.array([[{}]], dtype=object))
    texts = tmp_path / "texts.npz"
    np.savez(texts, x=np.array([["a"]]))
    pickled = tmp_path / "pickled.npz"
    pickled.write_bytes(pickle.dumps({"x": 1}))
    flat = tmp_path / "flat.npz"
    np.savez(flat, x=np.zeros(4))
    (tmp_path / "empty").mkdir()
    for path in (objects, texts, pickled, flat, tmp_path / "empty", tmp_path / "none.npz"):
        with pytest.raises(BadInput):
            read_network_data(path)


def test_every_fifth_sample_is_held_out_and_of_few_none(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(20).reshape(10, 2))
    calibration, compared, apart = held_out(read_network_data(tmp_path / "x.npy"))
    assert apart
    assert compared.arrays[""][:, 0].tolist() == [8, 18]
    assert calibration.samples == 8
    assert "every fifth sample of x.npy, not calibrated on" in compared.source
    np.save(tmp_path / "x.npy", np.arange(18).reshape(9, 2))
    calibration, compared, apart = held_out(read_network_data(tmp_path / "x.npy"))
    assert not apart
    assert compared.samples == calibration.samples == 9
    assert compared.source == "the calibration data x.npy"


@pytest.mark.parametrize("text", ["", "a\n\nb\n", "a\na\n"])
def test_labels_are_one_a_line_and_differ(text: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text(text)
    with pytest.raises(BadInput):
        read_labels(path)
    path.write_bytes("\ufeffja\r\nnein\r\n".encode())
    assert read_labels(path) == ("ja", "nein")


@pytest.mark.parametrize(
    ("flips", "sqnr", "failures"),
    [(0.03, 10.0, 0), (0.031, 10.0, 1), (0.03, 9.9, 1), (0.5, -3.0, 2), (None, None, 0)],
)
def test_the_tolerances_alone_judge(flips: float | None, sqnr: float | None, failures: int) -> None:
    output = OutputParity(
        name="kind", values=8, max_error=figure(0.1, ""), max_lsb=figure(2, "LSB"),
        sqnr=None if sqnr is None else figure(sqnr, "dB"),
        flips=None if flips is None else figure(flips, "ratio"),
    )  # fmt: skip
    parity = NetworkParity((output,), 1000, "a test", NetworkTolerances())
    assert len(parity.failures) == failures
    assert parity.passed == (failures == 0)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("net.onnx", (), "needs --calibration"),
        ("net.onnx", ("--target", "firmware"), "make int8 of it first"),
        ("net.onnx", ("--calibration", "x.npz", "--risk", "0.1"), "--risk: a network by itself"),
        ("net.onnx", ("--calibration", "x.npz"), "x.npz: it does not exist"),
        ("net.h5", (), "load it in Keras and save it with model.save"),
        ("net.pth", (), "torch.export.save, as model.pt2"),
        ("trained.zip", ("--labels", "labels.txt"), "--labels: for your own network"),
        ("net.tflite", ("--target", "firmware", "--parity", "x.npz"), "--parity is for --target i"),
    ],
)
def test_what_is_asked_wrongly_is_said_before_any_work(
    name: str, options: tuple[str, ...], said: str, edgeser: Edgeser, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"no network")
    ran = edgeser("export", tmp_path / name, *options, cwd=tmp_path)
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert not (tmp_path / "net-int8").exists()


def test_a_tie_is_no_flip_and_is_said_apart() -> None:
    wanted = np.array([[0.1, 0.9], [0.49, 0.51], [0.51, 0.49], [0.2, 0.8]], np.float32)
    found = np.array([[0.1, 0.9], [0.5, 0.5], [0.4, 0.6], [0.7, 0.3]])
    output = compare_output("kind", wanted, found, 0.1, "a test")
    assert output.flips is not None
    assert output.flips.value == 0.5
    assert output.ties == 1
    assert output.flipped == ((0, 1, 1), (1, 0, 1))
    assert output.max_error.value == pytest.approx(0.5)
    assert output.max_lsb.value == pytest.approx(5)
    noise = np.square(wanted - found).sum() / np.square(wanted).sum()
    assert output.sqnr is not None
    assert output.sqnr.value == pytest.approx(-10 * np.log10(noise))


def test_what_is_exact_and_what_is_no_row_of_values_have_no_such_figures() -> None:
    values = np.ones((3, 2, 4), np.float32)
    output = compare_output("map", values, values.astype(np.float64), 0.1, "a test")
    assert output.sqnr is None
    assert output.flips is None


def test_an_input_that_calibration_left_at_zero_is_named() -> None:
    builder = ModelBuilder()
    x, z = (builder.tensor((1, 4), scale=scale) for scale in (2e-6 / 255, 0.1))
    made = [builder.tensor((1, 4), scale=0.1) for _ in (x, z)]
    for taken, given in zip((x, z), made, strict=True):
        builder.operator("ABS", (taken,), (given,), "Abs")
    (line,) = unseen_inputs(builder.build((x, z), tuple(made)), ["level\n", "image"])
    assert line.startswith("input level\\x0a has the scale 7.84e-09: the calibration data holds ")


def test_no_digit_of_a_scale_is_cut_off_on_80_columns() -> None:
    builder = ModelBuilder()
    shape, scale = (1, 40, 32, 1), 0.0361806862
    x, y = (builder.tensor(shape, scale=scale) for _ in range(2))
    builder.operator("ABS", (x,), (y,), "Abs")
    source = SimpleNamespace(name="spectrogram_of_the_left", shape=(1, 1, 40, 32), table=None)
    tensor = SimpleNamespace(source=source, shape=shape, is_moved=True)
    network = SimpleNamespace(
        int8_tflite=builder.build((x,), (y,)), inputs=(tensor,), outputs=(tensor,)
    )
    parity = SimpleNamespace(source="data.npz", outputs=())
    done: Any = SimpleNamespace(source="model.onnx", network=network, parity=parity)
    out = StringIO()
    Console(file=out, width=80).print(network_tables(done))
    text = out.getvalue()
    assert text.count("0.0361806862") == 2
    assert "…" not in text
