"""A trained float network with all that is needed to use it, and its archive."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle.archive import read_archive, write_archive
from edgeser.bundle.vad_summary import VadSummary
from edgeser.corpora import Division, SpeakerSplit, division_from_json
from edgeser.corpora.levels import LevelSummary
from edgeser.corpora.parts import PARTS
from edgeser.decision.held_out import HeldOut, decode_held_out, encode_held_out
from edgeser.evaluation.metrics import of_nobody_known
from edgeser.features.public_embedding import PUBLIC_EMBEDDING
from edgeser.recipe import Recipe, parse_recipe
from edgeser.training.result import EpochRecord
from edgeser.typed_tables import from_table
from edgeser.wording import LabelKind, Wording, wording
from firmware_bridge.frontend import FrontendConfig
from quantize.foundation.errors import BadInput, EdgeserError
from quantize.foundation.npz import ArrayForm, read_npz

T = TypeVar("T")

WEIGHTS = "weights.safetensors"
RECIPE = "recipe.toml"
FRONTEND = "frontend.json"
NORMALISATION = "normalisation.json"
LABELS = "labels.json"
TRAINING = "training.json"
VERSIONS = "versions.json"
REQUIRED = (WEIGHTS, RECIPE, FRONTEND, NORMALISATION, LABELS, TRAINING, VERSIONS)
CALIBRATION_FEATURES = "calibration.npz"
HELD_OUT = "development.npz"
_ANEW = "make it anew with 'edgeser train' or 'edgeser export'"
_MOST_CALIBRATION_CLIPS = 4096
_LIMIT_ABOUT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationSet:
    """Clips whose features the int8 ranges are measured on.

    Parameters
    ----------
    source
        Where they come from, in words.
    clips
        Their names.
    features
        int8, clips x frames x channels x planes.
    """

    source: str
    clips: tuple[str, ...]
    features: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class PartSummary:
    """How much of a corpus is in one part: clips and speakers."""

    name: str
    clips: int
    speakers: int


@dataclass(frozen=True, slots=True)
class MemberSummary:
    """One of the corpora that a network was trained or tested on.

    Parameters
    ----------
    name
        As in its speakers' names.
    role, weight
        As in the recipe.
    labels
        Those that its clips have.
    parts
        Train, development, test.
    split_source
        Where its parts come from, one line.
    levels
        How loud its clips are; `None` in older archives, and where no clip can be read.
    """

    name: str
    role: str
    weight: float
    labels: tuple[str, ...]
    parts: tuple[PartSummary, ...]
    split_source: str
    levels: LevelSummary | None = None


@dataclass(frozen=True, slots=True)
class CorpusSummary:
    """What a network was trained on: one corpus, or several joined.

    Parameters
    ----------
    name, licence, citation
        Of the corpus.
    synthetic
        Whether no human being spoke.
    clips
        Clips used in each part: train, development, test.
    class_counts
        Label and number of clips, over all parts.
    problems
        What was left out or is odd: one line each, or one for many of a kind.
    input_hash
        SHA-256 over clip names and file hashes, in order.
    split_source
        Where the parts come from, one line; empty where it was not recorded.
    label_kind
        What its labels are.
    anonymous
        Clips of no known speaker in train, development and test.
    anonymous_names
        How many names of the split stand for such clips, in each.
    members
        Each corpus by itself; empty in archives older than several corpora.
    caveat
        What everything with a figure of its test clips must say; empty where there is nothing.
    level_span
        How loud the clips of all corpora are and whether the conditions of the training cover
        that, one line; empty where it was not measured.
    vad
        What is known of valence, arousal and dominance; `None` for a network without a head for
        them.
    """

    name: str
    licence: str
    citation: str
    synthetic: bool
    clips_train: int
    clips_development: int
    clips_test: int
    class_counts: tuple[tuple[str, int], ...]
    problems: tuple[str, ...]
    input_hash: str
    split_source: str = ""
    label_kind: LabelKind = "emotions"
    anonymous: tuple[int, int, int] = (0, 0, 0)
    anonymous_names: tuple[int, int, int] = (0, 0, 0)
    members: tuple[MemberSummary, ...] = ()
    caveat: str = ""
    level_span: str = ""
    vad: VadSummary | None = None

    @property
    def words(self) -> Wording:
        """What its labels are called."""
        return wording(self.label_kind)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What must be known of its parts before a score is believed, one line each."""
        unknown = sum(self.anonymous)
        clips = self.clips_train + self.clips_development + self.clips_test
        heard = (f"the model {self.caveat}",) if self.caveat else ()
        return (*heard, of_nobody_known(unknown, clips)) if unknown else heard


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A trained float network.

    Parameters
    ----------
    recipe
        Every choice, resolved.
    frontend
        With the normalisation of the training speakers.
    classes
        Labels in the order of the logits.
    split
        Who was trained on, chosen by, and is left to test on.
    corpus
        What it was trained on.
    weights
        safetensors bytes.
    calibration
        Clips of the training speakers to calibrate on; `None` in a bundle, which is calibrated.
    history
        One record an epoch.
    best_epoch
        The epoch whose weights these are, counted from 0.
    seconds
        Wall-clock time of the training.
    versions
        Packages and Python.
    held_out
        What was said of the development clips by a network that was not trained on them; `None`
        in older archives.
    """

    recipe: Recipe
    frontend: FrontendConfig
    classes: tuple[str, ...]
    split: Division
    corpus: CorpusSummary
    weights: bytes
    calibration: CalibrationSet | None
    history: tuple[EpochRecord, ...]
    best_epoch: int
    seconds: float
    versions: dict[str, str]
    held_out: HeldOut | None = None

    def __post_init__(self) -> None:
        if not self.classes or len(set(self.classes)) != len(self.classes):
            raise BadInput(f"its labels {', '.join(self.classes)} are none or not distinct")
        if not 0 <= self.best_epoch < len(self.history):
            raise BadInput(f"its best epoch {self.best_epoch} is not in its history")

    @property
    def derived_from(self) -> tuple[str, ...]:
        """What else than recordings taught it; its makers may have a say in passing it on."""
        mine = (PUBLIC_EMBEDDING,) if self.recipe.loss.hears_public else ()
        words = self.recipe.words.derived_from if self.recipe.words.heard else ""
        return (*mine, words) if words and words not in mine else mine

    def to_members(self) -> dict[str, bytes]:
        """Return the archive members that `trained_from_members` reads back."""
        frontend = self.frontend.to_dict()
        normalisation = frontend.pop("normalisation")
        training = {
            "split": self.split.to_json(),
            "corpus": asdict(self.corpus),
            "history": [asdict(epoch) for epoch in self.history],
            "best_epoch": self.best_epoch,
            "seconds": self.seconds,
        }
        if self.derived_from:  # for whoever reads the archive; the recipe is what counts
            training["derived_from"] = list(self.derived_from)
        members = {
            RECIPE: self.recipe.to_toml().encode(),
            FRONTEND: json_bytes({"hash": self.frontend.hash, "config": frontend}),
            NORMALISATION: json_bytes(normalisation),
            LABELS: json_bytes(list(self.classes)),
            TRAINING: json_bytes(training),
            VERSIONS: json_bytes(self.versions),
            WEIGHTS: self.weights,
        }
        if self.held_out is not None:
            members[HELD_OUT] = encode_held_out(self.held_out)
        return members


def speakers_in(trained: TrainedModel, part: str) -> int:
    """Return how many known speakers a part has: ``"train"``, ``"development"``, ``"test"``."""
    if isinstance(trained.split, SpeakerSplit):
        names = len(getattr(trained.split, part))
        return names - trained.corpus.anonymous_names[PARTS.index(part)]
    return sum(p.speakers for m in trained.corpus.members for p in m.parts if p.name == part)


def save_trained(path: Path, trained: TrainedModel) -> None:
    """Write `trained`, with its calibration clips, to `path` atomically."""
    members = trained.to_members()
    if trained.calibration is not None:
        members[CALIBRATION_FEATURES] = encode_calibration(trained.calibration)
    write_archive(path, members)


def encode_calibration(calibration: CalibrationSet) -> bytes:
    """Return a calibration set as .npz bytes that `decode_calibration` reads back."""
    buffer = io.BytesIO()
    about = json.dumps({"source": calibration.source, "clips": calibration.clips})
    np.savez_compressed(buffer, about=np.array(about), features=calibration.features)
    return buffer.getvalue()


def window_shape(recipe: Recipe, frontend: FrontendConfig) -> tuple[int, int, int]:
    """Return frames, channels and planes of what a network takes."""
    return recipe.window.frames, frontend.channels, len(frontend.planes)


def decode_calibration(data: bytes, *, where: str, window: tuple[int, int, int]) -> CalibrationSet:
    """Read what `encode_calibration` wrote; `where` names it in errors.

    Parameters
    ----------
    window
        Frames, channels and planes of the network: what else the headers claim is not unpacked.

    Raises
    ------
    BadInput
        When it is damaged or something else.
    """
    try:
        forms = {
            "about": ArrayForm("U", None, ()),
            "features": ArrayForm("i", 1, (None, *window)),
        }
        limit = _MOST_CALIBRATION_CLIPS * math.prod(window) + _LIMIT_ABOUT_BYTES
        members = read_npz(data, forms=forms, limit_bytes=limit)
        about, features = json.loads(str(members["about"])), members["features"]
        clips = tuple(map(str, about["clips"]))
        if len(features) != len(clips):
            raise ValueError(f"it has features of {len(features)} clips and {len(clips)} names")
        return CalibrationSet(str(about["source"]), clips, features)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            f"cannot use {where} for calibration: {error}",
            hint="make one with 'edgeser calibrate'",
        ) from error


def load_trained(path: Path) -> TrainedModel:
    """Read what `save_trained` wrote.

    Raises
    ------
    BadInput
        When it is missing, damaged or not what it claims.
    """
    return trained_from_members(path, read_archive(path, required=REQUIRED))


def trained_from_members(path: Path, members: dict[str, bytes]) -> TrainedModel:
    """Build the record from archive members; `path` names the archive in errors."""
    recipe = parse_recipe(text_of(path, members, RECIPE), where=f"{path} ({RECIPE})")
    frontend = _frontend(path, members)
    labels = json_list(path, members, LABELS)
    versions = json_object(path, members, VERSIONS)
    window = window_shape(recipe, frontend)
    calibration = _calibration(path, members, window)
    held_out = None
    if HELD_OUT in members:
        held_out = decode_held_out(
            members[HELD_OUT], where=str(path), classes=len(labels), window=window
        )
    training = json_object(path, members, TRAINING)

    def build() -> TrainedModel:
        corpus = from_table(CorpusSummary, training["corpus"], where=TRAINING)
        # Archives from when there was one corpus have speakers without its name.
        prefix = f"{recipe.corpora[0].name}/" if b"\n[corpus]\n" in members[RECIPE] else ""
        split = division_from_json(training["split"], prefix=prefix)
        epochs = training["history"]
        history = tuple(from_table(EpochRecord, epoch, where=TRAINING) for epoch in epochs)
        return TrainedModel(
            recipe=recipe,
            frontend=frontend,
            classes=tuple(map(str, labels)),
            split=split,
            corpus=corpus,
            weights=members[WEIGHTS],
            calibration=calibration,
            history=history,
            best_epoch=int(training["best_epoch"]),
            seconds=float(training["seconds"]),
            versions=versions,
            held_out=held_out,
        )

    return checked(path, TRAINING, build)


def _calibration(
    path: Path, members: dict[str, bytes], window: tuple[int, int, int]
) -> CalibrationSet | None:
    data = members.get(CALIBRATION_FEATURES)
    return None if data is None else decode_calibration(data, where=str(path), window=window)


def _frontend(path: Path, members: dict[str, bytes]) -> FrontendConfig:
    stored = json_object(path, members, FRONTEND)
    normalisation = json_object(path, members, NORMALISATION)

    def build() -> FrontendConfig:
        return FrontendConfig.from_dict({**stored["config"], "normalisation": normalisation})

    frontend = checked(path, FRONTEND, build)
    if frontend.hash != stored.get("hash"):
        raise BadInput(
            f"cannot use the bundle {path}: its frontend has hash {frontend.hash}, "
            f"but it was trained with {stored.get('hash')}",
            hint="the frontend's definition changed; train again with this version",
        )
    return frontend


def text_of(path: Path, members: dict[str, bytes], name: str) -> str:
    """Return a member as text; not UTF-8 is `BadInput`."""
    try:
        return members[name].decode("utf-8")
    except UnicodeDecodeError as error:
        raise _damaged(path, name) from error


def json_object(path: Path, members: dict[str, bytes], name: str) -> dict[str, Any]:
    """Return a JSON member that must be an object, else raise `BadInput`."""
    value = _json(path, members, name)
    if not isinstance(value, dict):
        raise _damaged(path, name)
    return value


def json_list(path: Path, members: dict[str, bytes], name: str) -> list[Any]:
    """Return a JSON member that must be a list, else raise `BadInput`."""
    value = _json(path, members, name)
    if not isinstance(value, list):
        raise _damaged(path, name)
    return value


def _json(path: Path, members: dict[str, bytes], name: str) -> Any:
    try:
        return json.loads(members[name])
    except (ValueError, RecursionError) as error:
        raise _damaged(path, name) from error


def checked(path: Path, name: str, build: Callable[[], T]) -> T:
    """Return `build()`; whatever a damaged member makes it stumble over becomes `BadInput`."""
    try:
        return build()
    except EdgeserError as error:
        raise BadInput(
            f"cannot use the bundle {path}: {error.message}", hint=error.hint or _ANEW
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _damaged(path, name) from error


def _damaged(path: Path, name: str) -> BadInput:
    return BadInput(
        f"cannot use the bundle {path}: its member {name} is not in the form expected", hint=_ANEW
    )


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON that is the same for the same value."""
    return json.dumps(value, indent=2, sort_keys=True).encode()
