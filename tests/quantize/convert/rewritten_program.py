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

from quantize.convert.rewriting import MOST_TURNS, rewritten  # noqa: E402
from quantize.foundation.errors import CheckFailed  # noqa: E402


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


def main() -> None:
    x = np.random.default_rng(6).normal(0, 2, size=(1, MOST_TURNS + 1, 4)).astype(np.float32)
    spec = [tf.TensorSpec(x.shape, tf.float32, "x")]
    said: dict[str, Any] = {}
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
            "places": [op.inputs[1].dtype.name for op in gathers],
        }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
