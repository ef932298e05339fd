"""A public teacher: it learns, teaches, never hears who chooses, and goes on where it stopped."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "teacher"))
from encoders import small_encoder

from edgeser.network import NetworkConfig
from edgeser.network.state import state_to_bytes
from edgeser.teacher import TeacherConfig
from edgeser.teacher.weights import EncoderWeights
from edgeser.training import AugmentationConfig, LabelledFeatures, TrainingConfig, TrainingData
from edgeser.training import train as train_network
from edgeser.training.checkpoint import CHECKPOINT, load_checkpoint
from edgeser.training.fit import Fit
from edgeser.training.loop import AGAIN, CHOOSING, _threads
from edgeser.training.optimisation import Lesson
from edgeser.training.public_lessons import (
    ANSWERING_ALL,
    PUBLIC_FOLDERS,
    TUNING,
    TUNING_AGAIN,
)
from edgeser.training.result import TrainingResult
from edgeser.training.teaching import PublicTeacher, spread_answers
from quantize.foundation.errors import BadInput, CheckFailed

NETWORK = NetworkConfig(
    stem_width=4, widths=(8, 8), strides=(2, 1), phase_widths=(4,), phase_strides=(2,)
)
TRAINING = TrainingConfig(epochs=2, batch_size=16, learning_rate=1e-2, threads=1, refit=True)
AUGMENTATION = AugmentationConfig(shift_frames=2, time_mask_frames=3, channel_mask_channels=2)
CONFIG = TeacherConfig(
    kind="whisper", heard=1, blocks=1, epochs=3, batch_size=16, learning_rate=1e-3
)
WEIGHTS = EncoderWeights(small_encoder(), "0" * 64)
TEACHER = PublicTeacher(CONFIG, WEIGHTS)


def features_of(speakers: range, seed: int, variants: int = 3) -> LabelledFeatures:
    """Three classes, each loud in another third of the bands; clips of unlike lengths."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(3), 4 * len(speakers))
    names = tuple(f"speaker{s}" for s in speakers for _ in range(12))
    x = rng.normal(0.0, 20.0, (variants, labels.size, 28, 12, 1))
    spectra = []
    for _ in range(2):
        take = []
        for label in labels:
            spectrum = rng.normal(-0.5, 0.2, (int(rng.integers(21, 60)), 80))
            spectrum[:, 26 * label : 26 * label + 26] += 1.0
            take.append(spectrum.astype(np.float16))
        spectra.append(tuple(take))
    features = np.clip(x, -128, 127).astype(np.int8)
    return LabelledFeatures(features, labels, names, spectra=tuple(spectra))


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return TrainingData(
        classes=("a", "b", "c"),
        planes=("amplitude",),
        frames=24,
        train=features_of(range(4), 0),
        development=features_of(range(4, 6), 1),
    )


def train(
    data: TrainingData, teacher: PublicTeacher | None = TEACHER, **more: object
) -> TrainingResult:
    return train_network(
        NETWORK,
        TRAINING,
        AUGMENTATION,
        data,
        seed=3,
        teacher=teacher,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_learns_what_is_plain_to_hear(data: TrainingData, precision: str) -> None:
    config = dataclasses.replace(CONFIG, epochs=12, precision=precision)
    clips = data.train
    with _threads(1):
        fit = PublicTeacher(config, WEIGHTS).fit(TRAINING, data, clips=clips, seed=0)
        before = np.mean(fit.answers(0).argmax(axis=1) == clips.labels)
        frozen = {n: p.clone() for n, p in fit.encoder.named_parameters() if "blocks.0" in n}
        for _ in range(12):
            fit.epoch()
    assert before < 0.7
    for take in (0, 1):
        assert np.mean(fit.answers(take).argmax(axis=1) == clips.labels) > 0.9
    assert frozen
    for name, value in frozen.items():
        assert torch.equal(value, fit.encoder.get_parameter(name)), name


def test_answers_do_not_depend_on_who_is_in_the_batch(data: TrainingData) -> None:
    config = dataclasses.replace(CONFIG, precision="float32")
    with _threads(1):
        fit = PublicTeacher(config, WEIGHTS).fit(TRAINING, data, clips=data.train, seed=0)
        fit.epoch()
        whole = fit.answers(0)
        few = dataclasses.replace(
            data.train,
            features=data.train.features[:, :1],
            labels=data.train.labels[:1],
            speakers=data.train.speakers[:1],
            spectra=tuple(take[:1] for take in data.train.spectra or ()),
        )
        fit.spectra = few.spectra or ()
        alone = fit.answers(0)
    # The last convolution sees one padded frame at the end of a shorter clip.
    np.testing.assert_allclose(alone[0], whole[0], atol=0.1 * np.ptp(whole))


def test_what_the_variants_it_did_not_hear_are_taught() -> None:
    answers = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    spread = spread_answers(answers, 5)
    np.testing.assert_array_equal(spread[:2], answers)
    for variant in (2, 3, 4):
        np.testing.assert_array_equal(spread[variant], answers.mean(axis=0))
    np.testing.assert_array_equal(spread_answers(answers, 2), answers)


def test_each_network_learns_from_a_teacher_of_its_own_clips(data: TrainingData) -> None:
    """The first from one that never heard the development speakers, the last from one of all."""
    told: list[str] = []
    result = train(data, progress=lambda title, done, planned: told.append(title))
    parts = [TUNING, ANSWERING_ALL, CHOOSING, TUNING_AGAIN, AGAIN]
    assert list(dict.fromkeys(told)) == parts
    everyone = data.everyone()

    def taught(clips: LabelledFeatures, epochs: int) -> Fit:
        tuned = TEACHER.fit(TRAINING, data, clips=clips, seed=3)
        for _ in range(CONFIG.epochs):
            tuned.epoch()
        answers = spread_answers(np.stack([tuned.answers(t) for t in (0, 1)]), 3)
        lessons = [Lesson(answers, CONFIG.share)]
        fit = Fit(NETWORK, TRAINING, AUGMENTATION, data, clips=clips, seed=3, lessons=lessons)
        for _ in range(epochs):
            fit.epoch()
        return fit

    with _threads(1), torch.random.fork_rng(devices=[]):
        last = taught(everyone, result.best_epoch + 1)
    assert result.weights == state_to_bytes(last.averaged.state_dict())
    assert result.weights != train(data, None).weights


def test_development_speakers_do_not_move_the_first_teacher(data: TrainingData) -> None:
    """Whatever they say, the first network learns the same."""
    other = dataclasses.replace(data, development=features_of(range(4, 6), 77))
    losses = []
    for one in (data, other):
        result = train_network(
            NETWORK,
            dataclasses.replace(TRAINING, refit=False),
            AUGMENTATION,
            one,
            seed=3,
            teacher=TEACHER,
        )
        losses.append([epoch.training_loss for epoch in result.history])
    assert losses[0] == losses[1]


def test_same_bits_twice(data: TrainingData) -> None:
    assert train(data).weights == train(data).weights


@pytest.mark.parametrize(
    ("part", "stop_after"),
    [(TUNING, 1), (ANSWERING_ALL, 1), (CHOOSING, 1), (TUNING_AGAIN, 2), (AGAIN, 0)],
)
def test_resumed_it_ends_at_the_same_bits(
    data: TrainingData, tmp_path: Path, part: str, stop_after: int
) -> None:
    def stop(title: str, done: int, planned: int) -> None:
        if (title, done) == (part, stop_after):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(data, checkpoint_dir=tmp_path, progress=stop)
    told: list[tuple[str, int]] = []
    resumed = train(
        data,
        checkpoint_dir=tmp_path,
        resume=True,
        progress=lambda title, done, planned: told.append((title, done)),
    )
    assert resumed.weights == train(data).weights
    assert (TUNING, 0) not in told  # what was done is not done again
    if part in {CHOOSING, TUNING_AGAIN, AGAIN}:
        assert TUNING not in {title for title, _ in told}


def test_at_its_end_the_answers_stand_in_the_place_of_the_weights(
    data: TrainingData, tmp_path: Path
) -> None:
    train(data, checkpoint_dir=tmp_path)
    for part in PUBLIC_FOLDERS:
        assert (tmp_path / part / CHECKPOINT).stat().st_size < 20_000
    with pytest.raises(BadInput, match="another recipe"):
        load_checkpoint(tmp_path / PUBLIC_FOLDERS[0], fingerprint="another")


def test_another_teacher_is_another_training(data: TrainingData, tmp_path: Path) -> None:
    train(data, checkpoint_dir=tmp_path)
    moved = dataclasses.replace(TEACHER, config=dataclasses.replace(CONFIG, path="elsewhere"))
    resumed = train(data, moved, checkpoint_dir=tmp_path, resume=True)
    assert resumed.weights == train(data).weights
    for other in (
        dataclasses.replace(TEACHER, weights=EncoderWeights(small_encoder(seed=1), "1" * 64)),
        dataclasses.replace(TEACHER, config=dataclasses.replace(CONFIG, epochs=2)),
    ):
        with pytest.raises(BadInput, match="another recipe"):
            train(data, other, checkpoint_dir=tmp_path, resume=True)


def test_what_cannot_be_taught_is_named(data: TrainingData) -> None:
    deaf = dataclasses.replace(data, train=dataclasses.replace(data.train, spectra=None))
    with pytest.raises(BadInput, match="spectra"):
        train(deaf)
    short = EncoderWeights(small_encoder(frames=20), "0" * 64)
    with pytest.raises(BadInput, match=r"hears 0\.4 s"):
        train(data, PublicTeacher(CONFIG, short))
    with pytest.raises(BadInput, match="spectra of"):
        dataclasses.replace(data.train, spectra=((),))
    wild = dataclasses.replace(CONFIG, learning_rate=1.0, head_learning_rate=1.0, epochs=200)
    rough = {name: values * 300 for name, values in WEIGHTS.tensors.items()}
    rough["ln_post.weight"] = rough["ln_post.weight"] * np.float32(1e36)
    with pytest.raises(CheckFailed, match="teacher diverged"):
        train(data, PublicTeacher(wild, EncoderWeights(rough, "0" * 64)))
