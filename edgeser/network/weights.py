"""A network's weights as safetensors bytes, and back with every name and shape checked."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from edgeser.network.amplitude_phase import AmplitudePhaseNetwork
from edgeser.network.config import NetworkConfig
from edgeser.network.state import state_to_bytes
from edgeser.network.words import encoder_hash
from edgeser.network.words_config import WordsConfig
from quantize.foundation.errors import BadInput


def save_weights(network: AmplitudePhaseNetwork) -> bytes:
    """Return the network's parameters and batch-norm statistics as safetensors bytes."""
    return state_to_bytes(network.state_dict())


def load_network(
    config: NetworkConfig,
    weights: bytes,
    *,
    planes: tuple[str, ...],
    frames: int,
    channels: int,
    classes: int,
    words: WordsConfig | None = None,
) -> AmplitudePhaseNetwork:
    """Build a network and load its weights; it comes back in evaluation mode, on the CPU.

    Raises
    ------
    BadInput
        When the bytes are not safetensors, or not the weights of this network; when what hears
        words in them is not the encoder that `words` names.
    """
    network = AmplitudePhaseNetwork(config, planes, frames, channels, classes, words=words)
    try:
        state = load(weights)
    except (SafetensorError, ValueError, KeyError) as error:
        raise BadInput(
            f"cannot read the weights: {error}", hint="train again, or use another file"
        ) from error
    expected = network.state_dict()
    wrong = sorted(
        name
        for name in expected.keys() | state.keys()
        if name not in state
        or name not in expected
        or state[name].shape != expected[name].shape
        or state[name].dtype != expected[name].dtype
    )
    if wrong:
        raise BadInput(
            f"the weights are not those of this network: '{wrong[0]}' and {len(wrong) - 1} more "
            "are missing, unknown or of another shape",
            hint="use the recipe that the weights were trained with",
        )
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise BadInput("the weights hold NaN or infinity", hint="train again")
    network.load_state_dict(state)
    _require_encoder(network, words)
    return network.eval()


def _require_encoder(network: AmplitudePhaseNetwork, words: WordsConfig | None) -> None:
    if network.words is None or words is None:
        return
    found = encoder_hash(words, network.words.encoder_state())
    if found != words.sha256:
        raise BadInput(
            f"the encoder of words was changed after the training: its SHA-256 is "
            f"{found[:16]}..., not {words.sha256[:16]}...",
            hint="train again with that encoder, or use another file",
        )
