"""The course of a training: its parts one after the other, each kept as its epochs go by."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeser.training.checkpoint import (
    Checkpoint,
    forget_checkpoint,
    load_checkpoint,
    save_checkpoint,
)

Progress = Callable[[str, int, int], None]
"""Told at the start and after each step: what is done, epochs (or variants) done, planned."""
_ANSWERS = "answers"
_KEPT_EVERY_S = 1.0


class Fitted(Protocol):
    """Something that is fitted, epoch by epoch."""

    epochs: int

    def epoch(self) -> object:
        """Do one epoch."""

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that the next epoch depends on, but for the number of epochs."""

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of this very fit."""


F = TypeVar("F", bound=Fitted)


class Job(Protocol):
    """A part of a training."""

    title: str
    fingerprint: str
    planned: int

    @property
    def epochs(self) -> int:
        """Epochs done."""

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""

    def epoch(self) -> None:
        """Do one epoch."""

    def checkpoint(self) -> Checkpoint:
        """Return everything that the next epoch depends on."""

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of this very job."""


class Again(Generic[F]):
    """A fit of a given number of epochs: no development speaker chooses one."""

    def __init__(self, fit: F, fingerprint: str, planned: int, title: str) -> None:
        self.fit, self.fingerprint, self.planned, self.title = fit, fingerprint, planned, title

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return self.fit.epochs

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.fit.epochs >= self.planned

    def epoch(self) -> None:
        """Do one epoch."""
        self.fit.epoch()

    def checkpoint(self) -> Checkpoint:
        """Return everything that the next epoch depends on."""
        return Checkpoint(self.fingerprint, self.fit.epochs, (), 0, self.fit.tensors())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of this very training."""
        self.fit.restore(checkpoint)


class Course:
    """Where the parts of a training are kept, and who is told of them."""

    def __init__(self, folder: Path | None, resume: bool, progress: Progress | None) -> None:
        self.folder, self.resume = folder, resume
        self.tell: Progress = progress or (lambda title, done, planned: None)

    def begin(self, parts: Iterable[str]) -> None:
        """Forget the later parts of an earlier training, unless it is to be resumed."""
        for part in parts:
            if self.folder is not None and not self.resume:
                forget_checkpoint(self.folder / part)

    def carry_out(self, job: Job, part: str = "") -> None:
        """Do all epochs, and keep them; go on from the last kept one to resume.

        Where several end within a second, not each is: a file that reaches the disk takes longer
        than a small epoch.
        """
        folder = None if self.folder is None else self.folder / part
        if self.resume and folder is not None:
            found = load_checkpoint(folder, fingerprint=job.fingerprint)
            if found is not None:
                job.restore(found)
        self.tell(job.title, job.epochs, job.planned)
        kept, due = job.epochs, -math.inf
        while not job.finished:
            job.epoch()
            if folder is not None and (job.finished or time.monotonic() >= due):
                save_checkpoint(folder, job.checkpoint())
                kept, due = job.epochs, time.monotonic() + _KEPT_EVERY_S
            try:
                self.tell(job.title, job.epochs, job.planned)
            except BaseException:  # whoever is told may end the training, after a whole epoch
                if folder is not None and kept < job.epochs:
                    save_checkpoint(folder, job.checkpoint())
                raise

    def kept_answers(self, part: str, fingerprint: str) -> NDArray[np.float32] | None:
        """Return the answers of a teacher that was done before, to resume."""
        if not self.resume or self.folder is None:
            return None
        found = load_checkpoint(self.folder / part, fingerprint=fingerprint)
        if found is None or _ANSWERS not in found.tensors:
            return None
        return np.asarray(found.tensors[_ANSWERS].numpy())

    def keep_answers(
        self, part: str, fingerprint: str, epochs: int, answers: NDArray[np.float32]
    ) -> None:
        """Keep a teacher's answers in the place of its weights."""
        if self.folder is not None:
            kept = {_ANSWERS: torch.from_numpy(answers)}
            save_checkpoint(self.folder / part, Checkpoint(fingerprint, epochs, (), 0, kept))
