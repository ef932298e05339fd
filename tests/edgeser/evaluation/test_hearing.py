"""Words of another clip: each clip's are another's, and all are used."""

from __future__ import annotations

import numpy as np
import pytest

from edgeser.evaluation.hearing import other_clips


@pytest.mark.parametrize("clips", [2, 3, 50])
def test_every_clip_gets_the_words_of_another_one(clips: int) -> None:
    others = other_clips(clips)
    assert sorted(others) == list(range(clips))
    assert not (others == np.arange(clips)).any()
    assert (others == other_clips(clips)).all()
    assert clips < 10 or not (others == other_clips(clips, seed=1)).all()
