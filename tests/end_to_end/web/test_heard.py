"""The firmware in a headless browser: the page's features, logits and decisions are the host's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edgeser.corpora.audio.files import read_audio
from edgeser.pipeline.predict import predict_files
from edgeser.pipeline.stream import FileStream, streaming_classifier
from firmware_bridge.certainty import ONE
from firmware_bridge.frontend import compute_features, quantise_features
from tests.end_to_end.chromium import Page
from tests.end_to_end.web.pages import (
    RATE,
    Exported,
    check_decisions,
    decisions_of,
    hear,
    opened,
    rows_of,
)


@pytest.mark.parametrize("name", ["shipped_page", "phases_page"])
def test_features_logits_and_decisions_are_the_hosts_to_the_bit(
    browser: Page,
    request: pytest.FixtureRequest,
    recordings: dict[str, Path],
    name: str,
) -> None:
    exported: Exported = request.getfixturevalue(name)
    loaded, path = exported.bundle, exported.path
    page, unsure = opened(browser, path), set()
    for recording in recordings.values():
        said = hear(page, recording)
        samples = read_audio(recording)
        assert page.bytes_of("hearing.sound") == samples.tobytes(), said
        features = quantise_features(
            compute_features(samples, loaded.trained.frontend), loaded.trained.frontend
        )
        np.testing.assert_array_equal(rows_of(page), features.ravel())
        found = decisions_of(page)
        if recording.stem == "short" and not streaming_classifier(loaded).push(samples):
            assert [decision["repeated"] for decision in found] == [True]
            continue
        check_decisions(found, loaded, samples)
        streamed = list(FileStream(loaded, recording).decisions())
        assert [d["silent"] for d in found] == [d.silent for d in streamed]
        assert [d["seconds"] for d in found] == pytest.approx([d.seconds for d in streamed])
        unsure |= {decision["unsure"] for decision in found}
    assert unsure == ({True, False} if name == "shipped_page" else {False})
    assert not page.complaints


def test_a_short_recording_is_labelled_as_predict_does(
    browser: Page, shipped_page: Exported, recordings: dict[str, Path]
) -> None:
    loaded, path = shipped_page.bundle, shipped_page.path
    page = opened(browser, path)
    hear(page, recordings["short"])
    [decision] = decisions_of(page)
    [label] = predict_files(loaded, [recordings["short"]])
    assert decision["label"] == label.label
    assert decision["probability_q15"] == label.probabilities[label.label] * ONE
    assert "repeated to fill one" in page.evaluate("$('sureness').textContent")
    shares = page.evaluate("[...hearing.decisions[0].shares]")
    assert shares == pytest.approx(list(label.probabilities.values()), abs=1e-9)


def test_another_rate_is_resampled_by_the_page(
    browser: Page, shipped_page: Exported, tmp_path: Path
) -> None:
    page = opened(browser, shipped_page.path)
    loaded = shipped_page.bundle

    def tones(rate: int) -> NDArray[np.float64]:
        times = np.arange(4 * rate) / rate
        pitches = (130.0, 999.0, 3777.0, 7400.0)
        return np.sum([0.2 * np.sin(2 * np.pi * f * times + f) for f in pitches], axis=0)

    above = 0.1 * np.sin(
        2 * np.pi * 8_100 * np.arange(4 * 44_100) / 44_100
    )  # it must not fold back
    soundfile.write(tmp_path / "44.wav", tones(44_100) + above, 44_100, subtype="FLOAT")
    said = hear(page, tmp_path / "44.wav")
    assert "resampled from 44,100 to 16,000 Hz by this page" in said.replace("\u00a0", " ")
    samples = np.frombuffer(page.bytes_of("hearing.sound"), np.int16)
    wanted = np.rint(tones(RATE) * 32768)
    assert len(samples) == len(wanted)
    assert np.abs(samples - wanted)[300:-300].max() <= 2
    features = compute_features(samples, loaded.trained.frontend)
    rows = quantise_features(features, loaded.trained.frontend)
    np.testing.assert_array_equal(rows_of(page), rows.ravel())


def test_what_is_no_wav_is_decoded_by_the_browser(
    browser: Page, shipped_page: Exported, recordings: dict[str, Path], tmp_path: Path
) -> None:
    spoken = read_audio(recordings["speech"])
    soundfile.write(tmp_path / "lossless.flac", spoken, RATE)
    page = opened(browser, shipped_page.path)
    said = hear(page, tmp_path / "lossless.flac")
    assert "decoded to 16,000 Hz by this browser" in said.replace("\u00a0", " ")
    samples = np.frombuffer(page.bytes_of("hearing.sound"), np.int16)
    assert len(samples) == len(spoken)
    assert np.abs(samples.astype(int) - spoken).max() <= 1
    check_decisions(decisions_of(page), shipped_page.bundle, samples)
