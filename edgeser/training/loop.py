"""A training: epochs chosen by development speakers, and then, where asked for, all speakers."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from edgeser.network.config import NetworkConfig
from edgeser.network.state import state_to_bytes
from edgeser.training.checkpoint import Checkpoint
from edgeser.training.config import AugmentationConfig, TrainingConfig
from edgeser.training.course import Again, Course, Progress
from edgeser.training.data import LabelledFeatures, TrainingData
from edgeser.training.fit import Fit, State
from edgeser.training.held_out import as_the_final_one, logits_of
from edgeser.training.losses.config import CROSS_ENTROPY, LossConfig
from edgeser.training.memory import kept_memory
from edgeser.training.optimisation import Lesson
from edgeser.training.pls.classifier import aligned_weights
from edgeser.training.pls.config import DEFAULT_PLS, PlsConfig
from edgeser.training.public_lessons import PUBLIC_FOLDERS, public_lessons
from edgeser.training.result import EpochRecord, TrainingResult
from edgeser.training.teaching import PublicTeacher
from edgeser.training.vad.loss import mean_concordance

CHOOSING = "Training"
AGAIN = "Training again, development speakers too"
TEACHING = "Training teacher {number} of {teachers}, development speakers too"
ALIGNING = "Aligning the classifier of network {number}"
ANSWERING = "Answers of network {number} of {networks}"
_AGAIN_FOLDER = "again"
_TEACHER_FOLDER = "teacher-{number}"


def train(  # noqa: PLR0913  each is a choice of its own
    network_config: NetworkConfig,
    training: TrainingConfig,
    augmentation: AugmentationConfig,
    data: TrainingData,
    *,
    seed: int,
    checkpoint_dir: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    loss: LossConfig = CROSS_ENTROPY,
    teacher: PublicTeacher | None = None,
    pls: PlsConfig = DEFAULT_PLS,
) -> TrainingResult:
    """Train a network and return the weights of the epoch that its development speakers choose.

    With `TrainingConfig.refit` a second network is trained for as many epochs on training and
    development speakers together, and its weights are returned. With `TrainingConfig.teachers` so
    many others are trained alike before it, from seeds of their own, and it learns from the mean of
    their answers and of the first network's: what a committee knows, in one network.

    Parameters
    ----------
    network_config, training, augmentation
        What is trained and how.
    data
        Features of training and development speakers.
    seed
        Seeds weights, order, augmentation and dropout. On the CPU, with one thread count, the same
        seed gives the same bits, whether the training was interrupted or not.
    checkpoint_dir
        Where the state is kept, after each epoch or once a second; nowhere when `None`.
    resume
        Go on from the checkpoint there, if there is one.
    progress
        Told of each epoch.
    loss
        What is lowered.
    teacher
        A public encoder, fine-tuned before on the very clips that it teaches. What teaches the
        first network, which chooses the epoch, never heard the development speakers; where all
        are trained on, it is fine-tuned anew on all.
    pls
        How the classifier ``"pls"`` is fitted, on the clips that its network was trained on, once
        that is done; the epoch is chosen by the layer that it takes the place of.

    Raises
    ------
    BadInput
        When the checkpoint is damaged or of another training, or cannot be written; when a loss
        needs a branch that the network does not have; when there is nothing to align.
    CheckFailed
        When the loss is no longer finite.
    ToolMissing
        When CUDA is asked for and is not there.
    KeyboardInterrupt
        When interrupted; a checkpoint is in place, of the last whole epoch or of one that ended
        less than a second before it.
    """
    started = time.monotonic()
    with as_trained(training):
        fingerprint = fingerprint_of(
            network_config, training, augmentation, data, seed=seed, loss=loss, pls=pls
        )
        if teacher is not None:
            fingerprint += f"/{teacher.fingerprint(data)}"
        course = Course(checkpoint_dir, resume, progress)
        names = [_TEACHER_FOLDER.format(number=n + 1) for n in range(training.teachers)]
        course.begin([*names, _AGAIN_FOLDER, *PUBLIC_FOLDERS])
        taught = partial(public_lessons, teacher, training, data, seed=seed, course=course)
        aligned = partial(_aligned, pls=pls, tell=course.tell)
        fit = partial(Fit, network_config, training, augmentation, data, loss=loss)
        lessons = taught(data.train, fingerprint)
        choice = _Choice(fit(clips=data.train, seed=seed, lessons=lessons), fingerprint)
        course.carry_out(choice)
        weights = first = aligned(choice.fit, choice.best, number=1)
        development = logits_of(choice.fit, first, takes=choice.takes)
        if training.refit:
            everyone = data.everyone()
            lessons = taught(everyone, fingerprint, again=True)
            again = partial(fit, clips=everyone)
            weights = _train_again(choice, first, everyone, again, lessons, course, aligned)
            development = as_the_final_one(development, choice.fit, first, weights)
    return TrainingResult(
        weights=state_to_bytes(weights),
        history=tuple(choice.history),
        best_epoch=choice.best_epoch,
        seconds=time.monotonic() - started,
        development=development,
    )


class _Choice:
    """A fit that keeps the weights of the epoch that the development speakers like best."""

    title = CHOOSING

    def __init__(self, fit: Fit, fingerprint: str) -> None:
        self.fit, self.fingerprint = fit, fingerprint
        self.planned = fit.training.epochs
        self.history: list[EpochRecord] = []
        self.best_epoch = 0
        self.best = _copy(fit.averaged.state_dict())

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return self.fit.epochs

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or the development UAR has stopped rising."""
        done = len(self.history)
        patience = self.fit.training.early_stopping_epochs
        return done >= self.planned or (patience > 0 and done - 1 - self.best_epoch >= patience)

    def epoch(self) -> None:
        """Do one epoch and look at the development clips."""
        number = self.fit.epochs
        record = self._evaluate(number, *self.fit.epoch())
        if not self.history or record.score > self.history[self.best_epoch].score:
            self.best_epoch = number
            self.best = _copy(self.fit.averaged.state_dict())
        self.history.append(record)

    def _evaluate(self, number: int, rate: float, loss: float) -> EpochRecord:
        clips = self.fit.data.development
        clean, *further = self.fit.outputs(clips, 0)
        uar = unweighted_average_recall(clean, clips.labels)
        varied = uar
        if self.takes > 1:
            varied = unweighted_average_recall(self.fit.logits(clips, 1), clips.labels)
        log_probabilities = torch.log_softmax(torch.from_numpy(clean), dim=1).numpy()
        return EpochRecord(
            epoch=number,
            learning_rate=rate,
            training_loss=loss,
            development_loss=-float(
                np.mean(log_probabilities[np.arange(len(clips)), clips.labels], dtype=np.float64)
            ),
            development_uar=uar,
            varied_uar=varied,
            development_ccc=mean_concordance(further[0], clips.vad) if further else None,
            development_cosine=self.fit.imitated(clips),
        )

    @property
    def takes(self) -> int:
        """How often each development clip is heard: as recorded, and once under conditions."""
        varied = self.fit.training.development_conditions
        return min(2 if varied else 1, len(self.fit.data.development.features))

    def checkpoint(self) -> Checkpoint:
        """Return everything that the next epoch depends on."""
        best = {f"best.{name}": value for name, value in self.best.items()}
        return Checkpoint(
            self.fingerprint,
            self.fit.epochs,
            tuple(self.history),
            self.best_epoch,
            self.fit.tensors() | best,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of this very training."""
        self.fit.restore(checkpoint)
        self.best = {k: v.to(self.fit.device) for k, v in checkpoint.group("best").items()}
        self.best_epoch = checkpoint.best_epoch
        self.history = list(checkpoint.history)


def _aligned(fit: Fit, weights: State, *, number: int, pls: PlsConfig, tell: Progress) -> State:
    return aligned_weights(fit, weights, pls, partial(tell, ALIGNING.format(number=number)))


def _train_again(
    choice: _Choice,
    first: State,
    everyone: LabelledFeatures,
    fit: Callable[..., Fit],
    lessons: list[Lesson],
    course: Course,
    aligned: Callable[..., State],
) -> State:
    """Train on all speakers for as many epochs as were chosen; return the weights.

    `first` are those of the network that chose: it teaches too.
    """
    seed = choice.fit.seed
    fingerprint, planned = f"{choice.fingerprint}/{choice.best_epoch}", choice.best_epoch + 1
    training = choice.fit.training
    teachers = training.teachers
    if teachers > 0:
        answered = partial(_answers, clips=everyone, networks=teachers + 1, tell=course.tell)
        choice.fit.averaged.load_state_dict(first)
        answers = answered(choice.fit, number=1)
        for number in range(1, teachers + 1):
            teacher = Again(
                fit(seed=_seed_of_teacher(seed, number), lessons=lessons),
                f"{fingerprint}/teacher {number}",
                planned,
                TEACHING.format(number=number, teachers=teachers),
            )
            course.carry_out(teacher, _TEACHER_FOLDER.format(number=number))
            taught = teacher.fit.averaged.state_dict()
            taught = aligned(teacher.fit, taught, number=number + 1)
            teacher.fit.averaged.load_state_dict(taught)
            answers += answered(teacher.fit, number=number + 1)
        answers /= teachers + 1
        lessons = [*lessons, Lesson(answers, training.teachers_share)]
    again = Again(fit(seed=seed, lessons=lessons), fingerprint, planned, AGAIN)
    course.carry_out(again, _AGAIN_FOLDER)
    return aligned(again.fit, again.fit.averaged.state_dict(), number=teachers + 2)


def _answers(
    fit: Fit, *, clips: LabelledFeatures, number: int, networks: int, tell: Progress
) -> NDArray[np.float32]:
    """Return the averaged network's logits of all variants, float32 [variants, clips, classes]."""
    variants = clips.features.shape[0]
    answers = np.empty((variants, *clips.labels.shape, len(fit.data.classes)), np.float32)
    title = ANSWERING.format(number=number, networks=networks)
    tell(title, 0, variants)
    for variant in range(variants):
        answers[variant] = fit.logits(clips, variant)
        tell(title, variant + 1, variants)
    return answers


def _seed_of_teacher(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def unweighted_average_recall(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the mean over the classes present of the share recognised, 0 to 1."""
    hits = logits.argmax(axis=1) == labels
    return float(np.mean([hits[labels == label].mean() for label in np.unique(labels)]))


def _copy(state: State) -> State:
    return {name: value.detach().clone() for name, value in state.items()}


@contextmanager
def as_trained(training: TrainingConfig) -> Iterator[None]:
    """Give PyTorch a training's threads, its memory back, and chance that stays inside."""
    with _threads(training.threads), kept_memory(), torch.random.fork_rng(devices=[]):
        yield


def fingerprint_of(
    network: NetworkConfig,
    training: TrainingConfig,
    augmentation: AugmentationConfig,
    data: TrainingData,
    *,
    seed: int,
    loss: LossConfig = CROSS_ENTROPY,
    pls: PlsConfig = DEFAULT_PLS,
) -> str:
    """Return a hash of everything that a training depends on."""
    about = [asdict(network), asdict(training), asdict(augmentation), data.classes, data.planes]
    about += [asdict(data.sampling), dict(data.weights)]
    if loss != CROSS_ENTROPY:  # checkpoints from before there was a choice go on
        about.append(asdict(loss))
    if network.classifier == "pls":
        about.append(asdict(pls))
    if data.words is not None:
        about.append({**asdict(data.words.config), "encoder": None, "sha256": data.words.sha256})
    digest = hashlib.sha256(json.dumps([*about, data.frames, seed]).encode())
    for part in (data.train, data.development):
        digest.update(repr((part.features.shape, part.speakers, part.corpora)).encode())
        digest.update(part.labels.tobytes())
        if part.public is not None:
            digest.update(part.public.tobytes())
        if part.mixtures is not None:
            digest.update(part.mixtures.partners.tobytes() + part.mixtures.shares.tobytes())
        if part.vad is not None:
            digest.update(part.vad.tobytes() + repr(data.vad).encode())
        for variant in part.features:
            digest.update(np.ascontiguousarray(variant[:: max(1, len(part) // 64)]).tobytes())
    return digest.hexdigest()


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Give PyTorch so many threads for a while; 0 leaves it as it is."""
    before = torch.get_num_threads()
    try:
        if count > 0:
            torch.set_num_threads(count)
        yield
    finally:
        torch.set_num_threads(before)
