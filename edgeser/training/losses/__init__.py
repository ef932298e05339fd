"""What a training lowers: a sum of parts that a recipe's ``[loss]`` weighs, one part a file.

Only the choice is imported here, so that recipes can be read without PyTorch.
"""

from edgeser.training.losses.config import LossConfig

__all__ = ["LossConfig"]
