"""A network's weights as safetensors bytes, and back with every name and shape checked."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from edgeser.network.amplitude_phase import AmplitudePhaseNetwork
from edgeser.network.config import NetworkConfig
from quantize.foundation.errors import BadInput


def save_weights(network: AmplitudePhaseNetwork) -> bytes:
    """Return the network's parameters and batch-norm statistics as safetensors bytes."""
    return state_to_bytes(network.state_dict())


def state_to_bytes(state: dict[str, torch.Tensor]) -> bytes:
    """Return a state dict as safetensors bytes; the same tensors give the same bytes."""
    plain = {name: state[name].detach().cpu().contiguous() for name in sorted(state)}
    return bytes(save(plain))


def load_network(
    config: NetworkConfig,
    weights: bytes,
    *,
    planes: tuple[str, ...],
    frames: int,
    channels: int,
    classes: int,
) -> AmplitudePhaseNetwork:
    """Build a network and load its weights; it comes back in evaluation mode, on the CPU.

    Raises
    ------
    BadInput
        When the bytes are not safetensors, or not the weights of this network.
    """
    network = AmplitudePhaseNetwork(config, planes, frames, channels, classes)
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
    return network.eval()
