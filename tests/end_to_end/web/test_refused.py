"""What a page cannot use has a sentence each: files, and browsers that lack something."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.end_to_end.chromium import Page
from tests.end_to_end.web.pages import RATE, Exported, decisions_of, hear, opened


def bad_file(folder: Path, what: str) -> Path:
    path = folder / f"{what}.wav"
    whole = folder / "whole.wav"
    soundfile.write(whole, np.zeros(RATE, np.int16), RATE)
    if what == "text":
        path.write_text("not audio at all, whatever its name says")
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "cut":
        path.write_bytes(whole.read_bytes()[:-1000])
    elif what == "headless":
        path.write_bytes(whole.read_bytes()[:36])
    elif what == "soundless":
        soundfile.write(path, np.zeros(0, np.int16), RATE)
    elif what == "nan":
        soundfile.write(path, np.full(RATE, np.nan), RATE, subtype="FLOAT")
    elif what == "numbers":
        soundfile.write(path, np.full(RATE, 900.0), RATE, subtype="FLOAT")
    elif what == "tiny":
        soundfile.write(path, np.ones(50, np.int16), RATE)
    return path


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("text", "it is no audio that this browser can decode"),
        ("empty", "it is empty"),
        ("cut", "it is cut short: 32000 bytes of samples by its header, 31000 there"),
        ("headless", "it is a WAV file without samples"),
        ("soundless", "it holds no samples"),
        ("nan", "it holds numbers that are none"),
        ("numbers", "its samples are 16-bit numbers written as floats"),
        ("tiny", "shorter than one frame of the features"),
    ],
)
def test_what_is_no_recording_is_refused_in_words(
    browser: Page,
    shipped_page: Exported,
    tmp_path: Path,
    what: str,
    sentence: str,
) -> None:
    page = opened(browser, shipped_page.path)
    said = hear(page, bad_file(tmp_path, what))
    assert f"{what}.wav" in said
    assert sentence in said.replace("\u00a0", " ")
    assert not page.evaluate("$('problem').hidden")
    assert decisions_of(page) == [] if page.evaluate("hearing !== null") else True


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        ("delete globalThis.WebAssembly", "This browser has no WebAssembly"),
        (
            "WebAssembly.instantiate = async () => { throw new Error('out of memory'); }",
            "This browser cannot run the firmware's WebAssembly: out of memory.",
        ),
    ],
)
def test_without_webassembly_it_says_so(
    browser: Page, shipped_page: Exported, before: str, sentence: str
) -> None:
    browser.open(shipped_page.path, before=before)
    browser.until("!document.getElementById('problem').hidden")
    assert sentence in browser.evaluate("document.getElementById('problem').textContent")
    assert browser.evaluate("document.getElementById('listen').disabled")


def test_without_javascript_it_says_so(browser: Page, shipped_page: Exported) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(shipped_page.path)
        assert "it needs JavaScript" in browser.evaluate("document.body.innerText")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
