"""What is played to a device must be able to tell something."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.pipeline.played import file_to_play
from quantize.foundation.errors import BadInput

RATE = 16_000


@pytest.mark.parametrize("size", [0, 1])
def test_silence_is_refused_before_a_device_is_asked(tmp_path: Path, size: int) -> None:
    path = tmp_path / "still.wav"
    still = np.random.default_rng(0).integers(-size, size + 1, 2 * RATE).astype(np.int16)
    soundfile.write(path, still, RATE)
    with pytest.raises(BadInput, match="silent") as caught:
        file_to_play(path, RATE)
    assert "play speech" in caught.value.hint


def test_a_file_is_played_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    tone = (3000 * np.sin(np.arange(2 * RATE) / 9) * (np.arange(2 * RATE) % 8000 < 4000)).astype(
        np.int16
    )
    soundfile.write(path, tone, RATE)
    played = file_to_play(path, RATE)
    np.testing.assert_array_equal(played.samples, tone)
    assert (played.seconds, played.clips, played.source) == (2.0, (), "tone.wav")
