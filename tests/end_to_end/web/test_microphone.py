"""A microphone and a page: exact behind the worklet; permissions and silence have a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edgeser.corpora.audio.files import read_audio
from firmware_bridge.frontend import compute_features, quantise_features
from tests.end_to_end.chromium import Page, chromium
from tests.end_to_end.web.pages import (
    RATE,
    Exported,
    check_decisions,
    decisions_of,
    opened,
    rows_of,
)


def press_listen(page: Page) -> None:
    page.evaluate("$('listen').click()")


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        (
            "navigator.mediaDevices.getUserMedia = async () => {"
            " throw new DOMException('no', 'NotAllowedError'); }",
            "permission was refused",
        ),
        (
            "navigator.mediaDevices.getUserMedia = async () => {"
            " throw new DOMException('no', 'NotReadableError'); }",
            "another program may hold it",
        ),
        (
            "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })",
            "gives the page no microphone here",
        ),
        ("delete globalThis.AudioWorkletNode", "in a browser with AudioWorklet"),
        ("", "no microphone that the browser can see"),  # there is none in a headless browser
    ],
)
def test_without_a_microphone_it_says_why(
    browser: Page, shipped_page: Exported, before: str, sentence: str
) -> None:
    browser.open(shipped_page.path, before=before)
    browser.until("document.body.dataset.ready === 'yes'")
    press_listen(browser)
    browser.until("!$('problem').hidden")
    assert sentence in browser.evaluate("$('problem').textContent")
    assert browser.evaluate("!$('listen').disabled")


def test_a_permission_that_is_refused_has_a_sentence(
    shipped_page: Exported, tmp_path: Path
) -> None:
    with chromium(tmp_path, "--use-fake-device-for-media-stream") as page:
        opened(page, shipped_page.path)
        denied = {"permission": {"name": "microphone"}, "setting": "denied"}
        page.call("Browser.setPermission", **denied)
        press_listen(page)
        page.until("!$('problem').hidden")
        assert "permission was refused" in page.evaluate("$('problem').textContent")


def fake_microphone(path: Path) -> tuple[str, ...]:
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}",
    )


@pytest.fixture
def hearing(recordings: dict[str, Path], tmp_path: Path) -> Iterator[Page]:
    """A browser whose microphone hears speech, over and over."""
    spoken = np.repeat(read_audio(recordings["speech"]), 3)
    soundfile.write(tmp_path / "spoken.wav", spoken, 48_000, subtype="PCM_16")
    with chromium(tmp_path / "profile", *fake_microphone(tmp_path / "spoken.wav")) as page:
        yield page


@pytest.mark.parametrize("name", ["shipped_page", "phases_page"])
def test_the_microphones_road_is_exact_behind_the_worklet(
    hearing: Page, request: pytest.FixtureRequest, recordings: dict[str, Path], name: str
) -> None:
    exported: Exported = request.getfixturevalue(name)
    loaded, path = exported.bundle, exported.path
    page = opened(hearing, path)
    press_listen(page)
    page.until("hearing !== null && hearing.decisions.length >= 3")
    status = page.evaluate("$('status').textContent").replace("\u00a0", " ")
    press_listen(page)
    page.until("microphone === null")
    samples = np.frombuffer(page.bytes_of("hearing.sound"), np.int16)
    frontend = loaded.trained.frontend
    rows = quantise_features(compute_features(samples, frontend), frontend)
    np.testing.assert_array_equal(rows_of(page), rows.ravel())
    found = decisions_of(page)
    check_decisions(found, loaded, samples)
    assert len(found) >= 3
    assert not page.complaints
    rate = int("".join(c for c in status.partition("Hz")[0] if c.isdigit()))
    assert f"Listening: {rate:,} Hz from this browser, resampled to 16,000 Hz" in status
    # A busy computer loses pieces of it: what came in one piece is what was played.
    spoken = read_audio(recordings["speech"])
    stretches = np.array_split(samples, len(samples) // (RATE // 2))
    assert max(likeness(stretch, spoken) for stretch in stretches) > 0.98


def lowest(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(samples.astype(float))
    spectrum[len(samples) * 2000 // RATE :] = 0.0
    return np.fft.irfft(spectrum, len(samples))


def likeness(stretch: NDArray[np.int16], whole: NDArray[np.int16]) -> float:
    """Return the largest correlation of a stretch with a sound that is played over and over.

    Of both only what is below 2 kHz: above, the browser's own road from a file takes some away.
    """
    part, played = lowest(stretch), lowest(np.tile(whole, 2))
    size = len(played) + len(part)
    spectrum = np.fft.rfft(played, size) * np.conj(np.fft.rfft(part, size))
    products = np.fft.irfft(spectrum, size)[: len(whole)]
    energy = np.cumsum(np.concatenate([[0.0], np.square(played)]))
    energies = (energy[len(part) :] - energy[: -len(part)])[: len(whole)]
    scale = np.sqrt(np.maximum(energies, 1.0) * np.square(part).sum())
    return float((products / scale).max())


def test_a_microphone_that_is_muted_is_said_to_be(shipped_page: Exported, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "zeros.wav", np.zeros(48_000 * 3, np.int16), 48_000)
    with chromium(tmp_path / "profile", *fake_microphone(tmp_path / "zeros.wav")) as page:
        opened(page, shipped_page.path)
        press_listen(page)
        page.until("!$('problem').hidden")
        assert "nothing but zeros" in page.evaluate("$('problem').textContent")
