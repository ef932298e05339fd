"""Which clips are said again, and in whose voice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.debias.config import DebiasConfig

_SPARE = 2
"""Times the wanted clips of an emotion that are tried at most: some are left out."""
_CHANCE = 0xC0AD


@dataclass(frozen=True, slots=True)
class Wish:
    """A training clip and another one, whose speaker's voice it is to be said in; their positions.

    `voice` is ``None`` where nobody else says that emotion.
    """

    clip: int
    voice: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of one emotion: so many clips, and which, the best first."""

    count: int
    wishes: tuple[Wish, ...]


def wanted_of(
    labels: NDArray[np.int64],
    speakers: Sequence[str],
    ranks: NDArray[np.float32] | None,
    config: DebiasConfig,
    *,
    seed: int,
    unspoken: Collection[int] = (),
) -> tuple[Wanted, ...]:
    """Return what is wanted of each emotion.

    Parameters
    ----------
    labels
        int64 ``[clips]``.
    speakers
        Of each clip.
    ranks
        W of each clip, float32 ``[clips]``: what is low guides the bias. ``None``: all is drawn at
        random.
    config, seed
        How many; of the draws.
    unspoken
        Labels of clips on which nobody speaks: they are left as they are.
    """
    rng = np.random.default_rng([_CHANCE, seed])
    names = np.array(speakers)
    found = []
    for label in sorted(set(labels.tolist()) - set(unspoken)):
        clips = np.flatnonzero(labels == label)
        order = rng.permutation(clips)  # ties are broken by chance
        contrary = clips
        if ranks is not None:
            order = order[np.argsort(ranks[order], kind="stable")]
            contrary = order[len(order) - max(1, round(config.contrary * len(order))) :]
        count = max(1, round(config.share * len(clips)))
        tried = order[: _SPARE * count]
        wishes = [Wish(int(clip), _voice_for(clip, contrary, clips, names, rng)) for clip in tried]
        found.append(Wanted(count, tuple(wishes)))
    return tuple(found)


def _voice_for(
    clip: np.int64,
    contrary: NDArray[np.int64],
    clips: NDArray[np.int64],
    names: NDArray[np.str_],
    rng: np.random.Generator,
) -> int | None:
    """Return a clip by another speaker, of the contrary ones where there is one."""
    for pool in (contrary, clips):
        others = pool[names[pool] != names[clip]]
        if len(others):
            return int(rng.choice(others))
    return None
