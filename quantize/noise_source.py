"""Where the noise of an int8 graph's output comes from: the layer on its way that loses most.

The noisiest layer is often none that matters: a small mean has much noise beside itself, and little
beside what it is taken from. So the noise of the output is followed upwards, from each layer to the
input that it is due to, and the layer is named that has most noise beside what it was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quantize.layer_error import LayerError, LayerErrors
from quantize.tflite.model import Subgraph

_SUMS = frozenset(
    {"ADD", "ADD_N", "CONCATENATION", "MAXIMUM", "MINIMUM", "PACK", "SQUARED_DIFFERENCE", "SUB"}
)
"""Layers whose inputs are beside each other in one unit, so that their noise adds up."""
_CEILING_DB = 40.0
"""About what int8 has of a tensor: noise below it is that of any."""
_ONLY_NOISE_DB = -40.0
"""What stands for noise where float is silent."""
_HALF = 0.5
_HINTS = {
    "LOG": "of what spans several powers of ten int8 has only the largest: take the logarithm "
    "before the network, and feed what it gives",
    "CONCATENATION": "what is joined has ranges far apart: scale it alike beforehand",
    "SUB": "what is subtracted is nearly the same: subtract before the network, or scale it up",
    "ADD": "what is added nearly cancels, or has ranges far apart: scale it alike beforehand",
    "MUL": "its values span several powers of ten: keep them apart by fewer, as by a root or by "
    "smaller factors",
    "SQUARED_DIFFERENCE": "what is subtracted is nearly the same: subtract before the network",
}
_CLIPPED = "it gives more than it did on the calibration data: give more data, or use ReLU6"


@dataclass(frozen=True, slots=True)
class NoiseSource:
    """The layer that loses most of what an output loses.

    Parameters
    ----------
    layer
        Its error.
    given_db
        Signal to noise of the input that it had most noise from; the best that int8 has where its
        inputs are exact.
    hint
        What to change, where that is known.
    """

    layer: LayerError
    given_db: float
    hint: str

    @property
    def lost_db(self) -> float:
        """How much it loses."""
        return self.given_db - _ratio(self.layer)


def noise_source(graph: Subgraph, errors: LayerErrors) -> NoiseSource | None:
    """Follow the noise of the noisiest output upwards.

    Parameters
    ----------
    graph
        The int8 graph.
    errors
        Of its layers.

    Returns
    -------
    The layer that loses most; `None` where no output has noise.
    """
    found = {each.index: each for each in errors.layers}
    makers = {index: op.index for op in graph.operators for index in op.outputs}
    ends = _made(graph, makers, found, graph.outputs)
    if not ends:
        return None
    here: LayerError | None = min(ends, key=_ratio)
    sources: list[NoiseSource] = []
    while here is not None:
        above = _made(graph, makers, found, graph.operators[here.index].inputs)
        before = _dearest(here, above)
        given = _CEILING_DB if before is None else min(_CEILING_DB, _ratio(before))
        sources.append(NoiseSource(here, given, _hint(here)))
        here = before
    return max(sources, key=lambda source: source.lost_db)


def _made(
    graph: Subgraph,
    makers: Mapping[int, int],
    found: Mapping[int, LayerError],
    tensors: Sequence[int],
) -> list[LayerError]:
    """Return the layers with noise that make tensors; what was not compared is passed by."""
    out: list[LayerError] = []
    waiting = list(tensors)
    while waiting:
        maker = makers.get(waiting.pop())
        if maker is None:
            continue
        if maker in found:
            out.append(found[maker])
        else:
            waiting += graph.operators[maker].inputs
    return [each for each in out if not each.is_exact]


def _dearest(layer: LayerError, above: Sequence[LayerError]) -> LayerError | None:
    """Return the input that a layer has most noise from."""
    if layer.operator in _SUMS:
        return max(above, key=lambda each: each.noise, default=None)
    return min(above, key=_ratio, default=None)


def _hint(layer: LayerError) -> str:
    return _CLIPPED if layer.clipped > _HALF else _HINTS.get(layer.operator, "")


def _ratio(layer: LayerError) -> float:
    return _ONLY_NOISE_DB if layer.sqnr_db is None else max(_ONLY_NOISE_DB, layer.sqnr_db)
