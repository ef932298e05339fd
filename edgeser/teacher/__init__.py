"""A public speech encoder that is fine-tuned to the labels and teaches the small network.

Only the choice is imported here, so that recipes can be read without PyTorch.
"""

from edgeser.teacher.config import TeacherConfig

__all__ = ["TeacherConfig"]
