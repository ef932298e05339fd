"""The state of a training after an epoch, as one file that is either whole or not there.

One safetensors file holds every tensor; a JSON object in its header holds the rest, so the two
cannot disagree. Nothing is pickled. What is random is drawn anew from (seed, epoch) in each epoch,
so there is no generator state to keep.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

from safetensors import SafetensorError
from safetensors.numpy import save
from safetensors.torch import load
from torch import Tensor
from torch.optim import Optimizer

from edgeser.training.result import EpochRecord
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded, write_atomically

CHECKPOINT = "training.safetensors"
_LIMIT_BYTES = 2 << 30
"""Six blocks of Whisper's small encoder that are trained, with AdamW's state: 510 MB."""
_LENGTH_BYTES = 8
_ABOUT = "about"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A training after its latest epoch.

    Parameters
    ----------
    fingerprint
        Hash of everything that the training depends on; a training goes on from its own only.
    epochs
        Epochs done.
    history
        One record for each of them; none where no development speakers were asked.
    best_epoch
        The best of them.
    tensors
        By group and name: ``network.*``, ``average.*``, ``loss.*``, ``optimizer.*``,
        ``best.*``; of a teacher ``teacher.*``, ``head.*``, and at its end ``answers`` alone.
    """

    fingerprint: str
    epochs: int
    history: tuple[EpochRecord, ...]
    best_epoch: int
    tensors: dict[str, Tensor]

    def group(self, name: str) -> dict[str, Tensor]:
        """Return the tensors of one group by their names in it."""
        prefix = f"{name}."
        return {
            key.removeprefix(prefix): value
            for key, value in self.tensors.items()
            if key.startswith(prefix)
        }


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """Return the state of an optimiser as tensors of the group ``optimizer``."""
    return {
        f"optimizer.{index}.{name}": value
        for index, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def restore_optimizer(optimizer: Optimizer, checkpoint: Checkpoint) -> None:
    """Give an optimiser the state that `optimizer_tensors` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in checkpoint.group("optimizer").items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint into `folder` in the place of the last one, atomically.

    Raises
    ------
    BadInput
        When the folder cannot be written; the last checkpoint is as it was.
    """
    about = {
        "fingerprint": checkpoint.fingerprint,
        "epochs": checkpoint.epochs,
        "history": [
            {field.name: getattr(record, field.name) for field in fields(record)}
            for record in checkpoint.history
        ],
        "best_epoch": checkpoint.best_epoch,
    }
    # As arrays: safetensors takes tensors one by one through ctypes, four times as long.
    plain = {
        name: value.detach().cpu().contiguous().numpy()
        for name, value in checkpoint.tensors.items()
    }
    write_atomically(folder / CHECKPOINT, save(plain, metadata={_ABOUT: json.dumps(about)}))


def forget_checkpoint(folder: Path) -> None:
    """Remove the checkpoint in `folder`, if there is one that can be removed."""
    with suppress(OSError):  # where nothing can be removed, nothing can be saved: that is said
        (folder / CHECKPOINT).unlink()


def load_checkpoint(folder: Path, *, fingerprint: str) -> Checkpoint | None:
    """Read the checkpoint in `folder`; `None` when there is none.

    Raises
    ------
    BadInput
        When it is damaged, or belongs to another training.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    data = read_bounded(path, limit_bytes=_LIMIT_BYTES)
    try:
        tensors = load(data)
        length = int.from_bytes(data[:_LENGTH_BYTES], "little")
        header = json.loads(data[_LENGTH_BYTES : _LENGTH_BYTES + length])
        about = json.loads(header["__metadata__"][_ABOUT])
        checkpoint = Checkpoint(
            fingerprint=str(about["fingerprint"]),
            epochs=int(about["epochs"]),
            history=tuple(EpochRecord(**record) for record in about["history"]),
            best_epoch=int(about["best_epoch"]),
            tensors=tensors,
        )
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            f"cannot go on from {path}: it is damaged ({error})", hint="begin anew with --fresh"
        ) from error
    if checkpoint.fingerprint != fingerprint:
        raise BadInput(
            f"cannot go on from {path}: it is of a training with another recipe, seed or corpus",
            hint="use the same, or begin anew with --fresh",
        )
    return checkpoint
