"""Run as a program of its own: functions of TensorFlow, and what they are once written anew."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from quantize.convert.tensorflow_child import set_up

set_up(sys.argv[1])

import tensorflow as tf  # noqa: E402

from quantize.convert.float_tables import WITHIN_TABLE, tables_in_float  # noqa: E402
from quantize.convert.function_lookups import cut_function_lookups  # noqa: E402
from quantize.convert.rewriting import MOST_TURNS, rewritten  # noqa: E402
from quantize.convert.tensorflow_child import converters, to_int8  # noqa: E402
from quantize.foundation.errors import CheckFailed  # noqa: E402
from quantize.tflite import read_model  # noqa: E402


def loop(steps: int) -> Callable[[Any], Any]:
    """A state that goes round and is written down at each step, as Keras' layers do."""

    def run(x: Any) -> Any:
        made = tf.TensorArray(tf.float32, steps, element_shape=(1, 4))
        rows = tf.TensorArray(tf.float32, steps).unstack(tf.transpose(x[:, :steps], (1, 0, 2)))
        state = tf.zeros((tf.shape(x)[0], 4))
        for i in tf.range(steps):
            state = tf.tanh(rows.read(i) + 0.5 * state)
            made = made.write(i, state)
        return made.stack()

    return run


def counted(x: Any) -> Any:
    while tf.reduce_sum(x) > 0:
        x = x - 1
    return x


def normalised(x: Any) -> Any:
    mean, variance = tf.nn.moments(x, -1, keepdims=True)
    scale = tf.math.rsqrt(variance + 1e-3)
    return x * scale + (-mean * scale + tf.constant([1.0, 2.0, 3.0, 4.0]))


def sliced_deeply(x: Any) -> Any:
    """As queries, keys and values are taken apart; ends, steps and an ellipsis too."""
    parts = tf.transpose(tf.reshape(x[:, :128], (1, 16, 8, 2, 2)), (3, 0, 2, 1, 4))
    return tf.concat([parts[0], parts[-1]], -1)[..., :1, 1:] * parts[1, ..., 1:6:2, -1:][:, :1]


CASES: dict[str, Callable[[Any], Any]] = {
    "loop": loop(5),
    "tile": lambda x: tf.tile(x, (1, 12, 2)),
    "softplus": tf.nn.softplus,
    "selu": tf.nn.selu,
    "softsign": tf.nn.softsign,
    "erf": tf.math.erf,
    "erfc": tf.math.erfc,
    "clipped": lambda x: tf.maximum(tf.minimum(x, 1.0), -1.0),
    "length": lambda x: x / tf.maximum(tf.sqrt(tf.reduce_sum(x * x, -1, keepdims=True)), 1e-3),
    "positive": lambda x: x / (tf.reduce_sum(tf.abs(x), -1, keepdims=True) + 0.5),
    "any division": lambda x: x / (x + 9.0),
    "log sigmoid": lambda x: tf.math.log(tf.sigmoid(x)),
    "split": lambda x: tf.split(x, 2, -1)[1],
    "gathered": lambda x: tf.gather(x, tf.constant([3, 0], tf.int64), axis=-1),
    "normalised": normalised,
    "log of a sum": lambda x: tf.math.log(tf.abs(x) + 1e-3),
    "log1p": lambda x: tf.math.log1p(tf.nn.relu(x)),
    "log of a maximum": lambda x: tf.math.log(tf.maximum(x, 0.25)),
    "sliced deeply": sliced_deeply,
    "plain": lambda x: tf.nn.relu(x) + 1,
}
REFUSED = {"turns": counted, "long": loop(MOST_TURNS + 1)}


def kinds_of(outputs: list[Any]) -> list[str]:
    """Return the operators that outputs are made of: the converter leaves out all others."""
    waiting = [tensor.op for tensor in outputs]
    seen: dict[str, str] = {}
    while waiting:
        operation = waiting.pop()
        if operation.name not in seen:
            seen[operation.name] = operation.type
            waiting += [tensor.op for tensor in operation.inputs]
    return sorted(set(seen.values()))


def measured_scales() -> dict[str, float]:
    """The int8 scales of a sum of squares, which the calibrator would overwrite its mean with.

    And of an input whose average is padded on: all would get the average's.
    """
    x = np.random.default_rng(7).normal(size=(1, 24, 4)).astype(np.float32)
    spec = [tf.TensorSpec(x.shape, tf.float32, "x")]

    def total(x: Any) -> Any:
        return tf.reduce_mean(x * x, 1) * 24.0 * 0.5 + 1.0

    with tables_in_float():
        made = to_int8(converters(total, spec, None)(), lambda: iter([[x], [x / 2]]), measured=True)
    mean = next(layer for layer in read_model(made).main.layers if layer.name == "MEAN")
    (given,) = mean.outputs
    assert given.quantisation is not None
    image = np.random.default_rng(9).normal(size=(1, 6, 6, 2)).astype(np.float32)

    def averaged(x: Any) -> Any:
        mean = tf.nn.avg_pool2d(x, 3, 1, "SAME")
        return tf.nn.relu(x) + tf.concat([mean[:, :1] * 0.5, mean[:, 1:]], 1)

    spec = [tf.TensorSpec(image.shape, tf.float32, "x")]
    made = to_int8(converters(averaged, spec, None)(), lambda: iter([[image]]), measured=True)
    (taken,) = read_model(made).main.input_tensors
    assert taken.quantisation is not None
    return {
        "found": given.quantisation.scale,
        "wanted": float((x * x).mean(1).max()) / 255,
        "taken": taken.quantisation.scale,
        "given": float(np.ptp(image)) / 255,
    }


def lookups() -> dict[str, Any]:
    """Rows that are looked up as Keras 3 does, beside others that cannot be cut off."""
    table = tf.Variable(np.random.default_rng(8).normal(size=(9, 4)).astype(np.float32))

    def plain(places: Any, x: Any) -> list[Any]:
        kept = tf.where(places < 0, places + 9, places)
        return [tf.gather(table, kept) + x]

    spec = [tf.TensorSpec((1, 5), tf.int32), tf.TensorSpec((1, 5, 4), tf.float32)]
    cut = cut_function_lookups(plain, spec)
    places, x = np.asarray([[8, 0, 3, 3, 1]], np.int32), np.ones((1, 5, 4), np.float32)
    (ours,), (theirs,) = cut.call(tf.constant(table.numpy()[places]), x), plain(places, x)
    others = {
        "masked": lambda p, x: [tf.gather(table, p) * tf.cast(p > 0, tf.float32)[..., None] + x],
        "moved": lambda p, x: [tf.gather(table, tf.cast(p, tf.int32) + 1) + x],
        "given too": lambda p, x: [tf.gather(table, p) + x, p],
    }
    return {
        "shapes": cut.shapes,
        "table": bool(np.array_equal(cut.tables[0], table.numpy())),
        "same": bool(np.array_equal(ours, theirs)),
        "others": {
            name: len(cut_function_lookups(call, spec).tables) for name, call in others.items()
        },
    }


def _slices(operation: Any) -> bool:
    return bool(operation.type == "StridedSlice")


def main() -> None:
    x = np.random.default_rng(6).normal(0, 2, size=(1, MOST_TURNS + 1, 4)).astype(np.float32)
    spec = [tf.TensorSpec(x.shape, tf.float32, "x")]
    said: dict[str, Any] = {"measured": measured_scales(), "looked up": lookups()}
    for name, function in (CASES | REFUSED).items():
        concrete = tf.function(function, input_signature=spec).get_concrete_function()
        try:
            other = rewritten(concrete, spec)
        except CheckFailed as error:
            said[name] = error.message
            continue
        made = other(tf.constant(x))
        made = made[0] if isinstance(made, list) else made
        apart = float(np.abs(np.asarray(made) - np.asarray(concrete(tf.constant(x)))).max())
        kinds = kinds_of(other.outputs)
        gathers = [op for op in other.graph.get_operations() if op.type == "GatherV2"]
        said[name] = {
            "apart": apart,
            "kinds": kinds,
            "same": other is concrete,
            "within": sum(WITHIN_TABLE in op.name for op in other.graph.get_operations()),
            "sliced": sorted(
                {op.inputs[0].shape.rank for op in other.graph.get_operations() if _slices(op)}
            ),
            "places": [op.inputs[1].dtype.name for op in gathers],
        }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
