"""What a network of others takes: dynamic axes, data by name and shape, layouts."""

from __future__ import annotations

import numpy as np
import pytest

from quantize.convert.network_parts import (
    DeviceTensor,
    SourceTensor,
    fixed_shape,
    match_data,
    possible_axes,
)
from quantize.foundation.errors import BadInput

IMAGE, LEVEL = SourceTensor("image", (1, 3, 8, 9)), SourceTensor("level", (1, 4))


def samples(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(count, *shape)).astype(np.float32)


def test_a_dynamic_batch_is_one_whatever_it_is_called() -> None:
    for batch in ("batch", "N", "s77", None, -1, 0):
        assert fixed_shape("x", [batch, 3, 8]) == (1, 3, 8)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        (["batch", 3, "time"], "input x has a dynamic axis 2 ('time'), and"),
        ([1, None, 4], "input x has a dynamic axis 1, and"),
        (["time", 4], "input x has a dynamic axis 0 ('time'), and"),
        (["seq_len", 1, 4], "axis 0 ('seq_len')"),
        ([8, 4], "input x has a batch of 8"),
        ([1, 0, 4], "input x has no values: its axis 1 has the length 0"),
        ([], "input x is a single number"),
        ([1, 1 << 13, 1 << 13], "67,108,864 values"),
        (["batch", "evil\x1b[31m"], r"('evil\x1b[31m')"),
    ],
)
def test_what_a_device_cannot_be_fed_is_refused_by_name(
    sizes: list[int | str | None], said: str
) -> None:
    with pytest.raises(BadInput) as caught:
        fixed_shape("x", sizes)
    assert said in caught.value.message
    assert caught.value.hint


def test_data_goes_to_inputs_by_name_and_in_their_order() -> None:
    images, levels = samples(5, 3, 8, 9), samples(5, 4).astype(np.float64)
    found = match_data({"level": levels, "image": images}, [IMAGE, LEVEL], where="the data")
    assert np.array_equal(found[0], images)
    assert np.array_equal(found[1], levels.astype(np.float32))
    assert {values.dtype for values in found} == {np.dtype(np.float32)}


def test_the_one_array_of_one_input_may_have_any_name() -> None:
    images = samples(5, 3, 8, 9)
    assert np.array_equal(match_data({"x": images}, [IMAGE], where="it")[0], images)
    assert match_data({"": images[:, None]}, [IMAGE], where="it")[0].shape == (5, 3, 8, 9)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"image": samples(5, 3, 8, 9)}, "has none for level; the network takes image, level"),
        (
            {"image": samples(5, 3, 8, 9), "level": samples(5, 4), "odd": samples(5, 1)},
            "also has odd",
        ),
        (
            {"image": samples(5, 8, 9, 3), "level": samples(5, 4)},
            "has image as [n, 8, 9, 3], the network takes [n, 3, 8, 9]",
        ),
        ({"image": samples(5, 3, 8, 9), "level": samples(4, 4)}, "has 5, 4 samples of image, lev"),
        ({"image": samples(0, 3, 8, 9), "level": samples(0, 4)}, "has 0, 0 samples of image"),
        (
            {"image": samples(5, 3, 8, 9), "level": np.full((5, 4), np.nan)},
            "holds NaN or infinity in level",
        ),
    ],
)
def test_data_that_does_not_fit_is_refused(data: dict[str, np.ndarray], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        match_data(data, [IMAGE, LEVEL], where="the data")
    assert said in caught.value.message


def test_layouts_that_shapes_allow_channels_last_first() -> None:
    assert possible_axes((1, 3, 8, 9), (1, 8, 9, 3)) == [(0, 2, 3, 1)]
    assert possible_axes((1, 3, 8, 9), (1, 3, 8, 9)) == [(0, 1, 2, 3)]
    assert possible_axes((1, 4, 4), (1, 4, 4)) == [(0, 2, 1), (0, 1, 2)]
    assert possible_axes((1, 7), (1, 7)) == [(0, 1)]
    assert possible_axes((1, 3, 8), (1, 24)) == []


def test_samples_go_to_the_device_and_come_back() -> None:
    tensor = DeviceTensor(IMAGE, (1, 8, 9, 3), (0, 2, 3, 1))
    images = samples(2, 3, 8, 9)
    there = tensor.to_device(images)
    assert there.shape == (2, 8, 9, 3)
    assert there[1, 4, 5, 2] == images[1, 2, 4, 5]
    assert np.array_equal(tensor.to_source(there), images)
    assert tensor.is_moved
    mono = DeviceTensor(SourceTensor("x", (1, 1, 8, 9)), (1, 8, 9, 1), (0, 2, 3, 1))
    assert not mono.is_moved  # one channel: the same bytes
