"""Valence, arousal and dominance in training: where they come from, and what is lowered.

Only the choice is imported here, so that recipes can be read without PyTorch.
"""

from edgeser.training.vad.config import VadConfig

__all__ = ["VadConfig"]
