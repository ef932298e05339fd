"""The folder of a run: where each stage leaves what the next one picks up."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from edgeser.recipe import Recipe, load_recipe
from edgeser.typed_tables import from_table, to_table
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded, write_atomically

T = TypeVar("T")
_LIMIT_BYTES = 256 << 20
_MADE_BY = {
    "certainty": "evaluate",
    "drift": "evaluate --drift",
    "hearing": "evaluate",
    "device": "bench --device emulator",
    "parity-tolerances": "parity",
    "test-set": "parity",
}
"""Which command makes a record that is not called as its command is."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths below one folder; nothing is read or written by making it."""

    root: Path

    @property
    def recipe(self) -> Path:
        """The resolved recipe."""
        return self.root / "recipe.toml"

    @property
    def checkpoint(self) -> Path:
        """State of a training that is under way."""
        return self.root / "checkpoint"

    @property
    def trained(self) -> Path:
        """The trained float network."""
        return self.root / "trained.zip"

    @property
    def bundle(self) -> Path:
        """The bundle: int8 model, float network, recipe, frontend, figures."""
        return self.root / "bundle.zip"

    @property
    def int8_model(self) -> Path:
        """The int8 model by itself, for tools that want a .tflite."""
        return self.root / "model_int8.tflite"

    @property
    def drift_reference(self) -> Path:
        """What the clips that it was trained on are like, for ``evaluate --drift``."""
        return self.root / "drift-reference.json"

    @property
    def examples(self) -> Path:
        """Pairs of recordings and what was made of them, for people to hear."""
        return self.root / "examples"

    def result(self, stage: str) -> Path:
        """Return where a stage's result is, as public JSON, such as ``parity.json``."""
        return self.root / f"{stage}.json"

    def state(self, stage: str) -> Path:
        """Return where a stage's records are, for `edgeser report`."""
        return self.root / "state" / f"{stage}.json"

    def report(self, suffix: str) -> Path:
        """Return where the report is in a format."""
        return self.root / f"report.{suffix}"

    def holds_interrupted_training(self) -> bool:
        """Return whether a training was begun after the last one that ended, and did not end."""
        begun = [path.stat().st_mtime_ns for path in self.checkpoint.rglob("*.safetensors")]
        ended = self.trained.stat().st_mtime_ns if self.trained.is_file() else 0
        return bool(begun) and max(begun) > ended

    def begin(self, recipe: Recipe, *, fresh: bool) -> None:
        """Raise `BadInput` when the folder holds a run of another recipe, which would be lost.

        A fresh run may replace it, whatever is in its recipe. What is there and no folder is
        refused too, and so is a new run within a folder of which every file is taken for a
        recording, unlike those of a published layout.
        """
        if self.root.exists() and not self.root.is_dir():
            raise BadInput(
                f"cannot keep a run in {self.root}: it is not a folder", hint="choose another --out"
            )
        if not self.recipe.is_file():
            self._refuse_among_recordings(recipe)
            return
        if fresh:
            self._drop_damaged_recipe()
        elif load_recipe(str(self.recipe)).hash != recipe.hash:
            raise BadInput(
                f"{self.root} holds a run of another recipe",
                hint="choose another --out, or give --fresh to replace it",
            )

    def _refuse_among_recordings(self, recipe: Recipe) -> None:
        here = self.root.resolve()
        for choice in recipe.corpora:
            if choice.path is None or choice.read_by != "generic":
                continue
            if here.is_relative_to(Path(choice.path).resolve()):
                raise BadInput(
                    f"cannot keep a run in {self.root}: it would lie among the recordings of "
                    f"{choice.name}, in {choice.path}",
                    hint="choose another --out",
                )

    def _drop_damaged_recipe(self) -> None:
        """Remove a recipe that cannot be read: a fresh run writes its own."""
        try:
            load_recipe(str(self.recipe))
        except BadInput:
            with suppress(OSError):  # what cannot be removed is named where it is read next
                self.recipe.unlink()

    def save_state(self, stage: str, record: Any, *, model_hash: str) -> None:
        """Keep a stage's record, bound to the model that it is about."""
        table = {"model_hash": model_hash, "record": to_table(record)}
        write_atomically(self.state(stage), json.dumps(table, allow_nan=False).encode())

    def load_state(self, stage: str, kind: type[T], *, model_hash: str) -> T | None:
        """Return a stage's record, or `None` when there is none for this model.

        Raises
        ------
        BadInput
            When the file is there but damaged, or of another version of edgeser.
        """
        path = self.state(stage)
        if not path.exists():
            return None
        again = f"run 'edgeser {_MADE_BY.get(stage, stage)}' again"
        try:
            table = json.loads(read_bounded(path, limit_bytes=_LIMIT_BYTES))
            bound, record = table["model_hash"], dict(table["record"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadInput(f"cannot use {path}: it is damaged", hint=again) from error
        if bound != model_hash:
            return None
        try:
            return from_table(kind, record, where=str(path))
        except BadInput as error:
            what = f"it is damaged, or of another version of edgeser: {error.message}"
            raise BadInput(f"cannot use {path}: {what}", hint=again) from error


def refuse_to_lose_a_training(folder: RunFolder, *, fresh: bool, resume: bool) -> None:
    """Refuse to begin anew over a training that was interrupted, unless that is asked for.

    Raises
    ------
    BadInput
        When there is one and neither is asked for; also when both are.
    """
    if fresh and resume:
        raise BadInput("fresh and resume exclude each other", hint="give one of them")
    if not (fresh or resume) and folder.holds_interrupted_training():
        raise BadInput(
            f"{folder.root} holds a training that was interrupted",
            hint="go on with it by --resume, or begin anew by --fresh",
        )


def default_folder(recipe: Recipe) -> RunFolder:
    """Return where a run goes when nobody says: ``runs/<recipe>-seed<seed>``."""
    return RunFolder(Path("runs") / f"{recipe.name}-seed{recipe.seed}")
