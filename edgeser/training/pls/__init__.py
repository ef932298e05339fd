"""A classifier that is fitted when the rest of a network is trained, by partial least squares.

The values of a network's encoders are aligned with functionals of the input, and a linear
classifier learns the scores; both are one dense layer. Only the choice is imported here, so that
recipes can be read without PyTorch.
"""

from edgeser.training.pls.config import PlsConfig

__all__ = ["PlsConfig"]
