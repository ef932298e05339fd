"""The amplitude-phase network (PyTorch) and its weights.

What needs PyTorch is imported when it is first asked for, so that recipes can be read without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeser.network.config import NetworkConfig

if TYPE_CHECKING:
    from edgeser.network.amplitude_phase import AmplitudePhaseNetwork
    from edgeser.network.embeddings import Embeddings
    from edgeser.network.weights import load_network, save_weights

__all__ = [
    "AmplitudePhaseNetwork",
    "Embeddings",
    "NetworkConfig",
    "load_network",
    "save_weights",
]


def __getattr__(name: str) -> Any:
    if name == "AmplitudePhaseNetwork":
        from edgeser.network import amplitude_phase

        return amplitude_phase.AmplitudePhaseNetwork
    if name == "Embeddings":
        from edgeser.network import embeddings

        return embeddings.Embeddings
    if name in ("load_network", "save_weights"):
        from edgeser.network import weights

        return getattr(weights, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
