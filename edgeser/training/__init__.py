"""Training by speaker: recording conditions, augmentation, the loop.

What needs PyTorch is imported when it is first asked for, so that recipes can be read without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeser.training.config import AugmentationConfig, ConditionsConfig, TrainingConfig
from edgeser.training.data import LabelledFeatures, TrainingData
from edgeser.training.result import EpochRecord, TrainingResult

if TYPE_CHECKING:
    from edgeser.training.fit import predict_logits, predict_outputs
    from edgeser.training.loop import train

__all__ = [
    "AugmentationConfig",
    "ConditionsConfig",
    "EpochRecord",
    "LabelledFeatures",
    "TrainingConfig",
    "TrainingData",
    "TrainingResult",
    "predict_logits",
    "predict_outputs",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in ("predict_logits", "predict_outputs"):
        from edgeser.training import fit

        return getattr(fit, name)
    if name == "train":
        from edgeser.training.loop import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
