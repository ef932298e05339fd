"""The firmware in a headless browser: the page's features, logits and decisions are the host's."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from chromium import Page, chromium  # found through the path above

from edgeser.bundle import Bundle, load_bundle
from edgeser.corpora.audio import read_audio
from edgeser.decision import DecisionConfig
from edgeser.pipeline.decide import decided
from edgeser.pipeline.predict import predict_files
from edgeser.pipeline.stream import FileStream, streaming_classifier
from edgeser.pipeline.web import export_web
from edgeser.pretrained import pretrained_path
from firmware_bridge.certainty import ONE
from firmware_bridge.emulator import find_web_tools
from firmware_bridge.frontend import (
    FrontendConfig,
    compute_features,
    normalisation_from_statistics,
    quantise_features,
)
from quantize.foundation.errors import ToolMissing

CLIPS = Path(__file__).parents[2] / "calibration_data" / "clips"
VECTORS = Path(__file__).parents[1] / "vectors"
RATE = 16_000
Edgeser = Callable[..., Any]


@pytest.fixture(scope="session")
def tools() -> None:
    try:
        find_web_tools()
    except ToolMissing as error:
        pytest.skip(f"{error}")


@pytest.fixture(scope="session")
def shipped(tools: None) -> Bundle:
    """The model that ships, which says unsure of a part of what it hears."""
    path = pretrained_path("pretrained")
    assert path
    return decided(load_bundle(path), DecisionConfig(coverage=0.8))


@dataclass(frozen=True)
class Exported:
    """A page, and the bundle that it is of."""

    bundle: Bundle
    path: Path


@pytest.fixture(scope="session")
def shipped_page(shipped: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Of amplitudes alone."""
    path = tmp_path_factory.mktemp("page") / "shipped.html"
    export_web(shipped, path)
    return Exported(shipped, path)


@pytest.fixture(scope="session")
def phases_page(tools: None, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Of amplitudes and two phase planes."""
    path = tmp_path_factory.mktemp("page") / "phases.html"
    export_web(bundle, path)
    return Exported(bundle, path)


def with_phases(shipped: Bundle) -> Bundle:
    config = FrontendConfig(phase_planes=("if_re", "gd_mod"))
    voices = [read_audio(path) for path in sorted(CLIPS.rglob("*.flac"))[:6]]
    found = [compute_features(voice, config) for voice in voices]
    values = np.concatenate(
        [np.concatenate([f.amplitude[..., None], f.phase], axis=-1, dtype=float) for f in found]
    )
    statistics = (values.mean(axis=0).T, values.std(axis=0).T)
    trained = shipped.trained
    window = dataclasses.replace(trained.recipe.window, frames=80, hop_frames=30)
    return dataclasses.replace(
        shipped,
        trained=dataclasses.replace(
            trained,
            recipe=dataclasses.replace(trained.recipe, window=window),
            frontend=dataclasses.replace(
                config, normalisation=normalisation_from_statistics(*statistics)
            ),
        ),
        int8_model=(VECTORS / "amplitude_phase_int8.tflite").read_bytes(),
    )


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Sounds at the model's rate: voices, the ends of what there is, and other forms of WAV."""
    folder = tmp_path_factory.mktemp("recordings")
    voices = [read_audio(path) for path in sorted(CLIPS.rglob("*.flac"))[:36:6]]
    speech, rng = np.concatenate(voices), np.random.default_rng(18)
    square = np.where(np.arange(4 * RATE) // 40 % 2, 32767, -32768).astype(np.int16)
    noise = np.clip(rng.normal(0, 15_000, 4 * RATE), -32768, 32767).astype(np.int16)
    for name, samples in {
        "speech": speech,
        "square": square,
        "noise": noise,
        "silence": np.zeros(4 * RATE, np.int16),
        "short": voices[0][: RATE // 2],
    }.items():
        soundfile.write(folder / f"{name}.wav", samples, RATE, subtype="PCM_16")
    both = np.stack([speech[: 4 * RATE] / 32768, noise / 70_000], axis=1)
    soundfile.write(folder / "stereo-float.wav", both, RATE, subtype="FLOAT")
    soundfile.write(folder / "wide.wav", both[:, 1], RATE, subtype="PCM_24")
    soundfile.write(folder / "extensible.wav", both[:, :1], RATE, "PCM_32", format="WAVEX")
    soundfile.write(folder / "narrow.wav", both[:, 0], RATE, subtype="PCM_U8")
    three = np.concatenate([both, both[:, :1]], axis=1)
    soundfile.write(folder / "three-doubles.wav", three, RATE, subtype="DOUBLE")
    stopped = (folder / "wide.wav").read_bytes()
    at = stopped.index(b"data") + 4  # as who writes to a pipe leaves it
    (folder / "to-a-pipe.wav").write_bytes(stopped[:at] + b"\xff" * 4 + stopped[at + 4 :])
    return {path.stem: path for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


def opened(browser: Page, page: Path) -> Page:
    browser.open(page)
    browser.until("document.body.dataset.ready === 'yes'")
    return browser


def hear(page: Page, path: Path) -> str:
    """Give a file to the page; return what it says once it is done."""
    count = page.evaluate("Number(document.body.dataset.done ?? 0)")
    page.choose("#file", [path])
    page.until(f"Number(document.body.dataset.done) > {count} || $('problem').textContent !== ''")
    return str(page.evaluate("`${$('status').textContent} ${$('problem').textContent}`"))


def rows_of(page: Page) -> NDArray[np.int8]:
    data = page.bytes_of("Int8Array.from(hearing.rows.flatMap((row) => [...row]))")
    return np.frombuffer(data, np.int8)


def decisions_of(page: Page) -> list[dict[str, Any]]:
    found = json.loads(page.evaluate("JSON.stringify(hearing.toJson())"))
    assert found["schema"] == "edgeser.web-heard/1"
    decisions: list[dict[str, Any]] = found["decisions"]
    return decisions


def check_decisions(
    found: list[dict[str, Any]], loaded: Bundle, samples: NDArray[np.int16]
) -> None:
    """Hold a page's decisions to those of the host on the same samples, to the bit."""
    wanted = streaming_classifier(loaded).push(samples)
    assert [d["logits"] for d in found] == [[*d.logits, *d.further] for d in wanted]
    assert [d["sums"] for d in found] == [[*d.sums, *d.further_sums] for d in wanted]
    assert [d["probability_q15"] for d in found] == [d.probability for d in wanted]
    assert [d["label"] for d in found] == [loaded.trained.classes[d.label] for d in wanted]
    assert [d["unsure"] for d in found] == [d.unsure for d in wanted]


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


def test_a_page_says_what_it_is_and_asks_nothing_of_a_network(
    browser: Page, shipped_page: Exported, phases_page: Exported
) -> None:
    loaded, path = shipped_page.bundle, shipped_page.path
    browser.requests.clear()
    page = opened(browser, path)
    text = page.evaluate("document.body.innerText")
    for said in (
        loaded.model_hash,
        loaded.trained.frontend.hash,
        "passed: constants ok, model ok, canaries ok",
        "AI Act, Article 5(1)(f)",
        "an AudioWorklet of this page resamples it to 16,000 Hz",
        "it does not know what a person feels",
    ):
        assert said in text.replace("\u00a0", " ")
    assert [url for url in page.requests if not url.startswith("file:")] == []
    assert len(page.requests) == 1
    assert path.stat().st_size < 2_000_000
    names = page.evaluate("[...document.querySelectorAll('figure.plane')].map((f) => f.innerText)")
    assert names == ["amplitude"]
    page = opened(browser, phases_page.path)
    names = page.evaluate("[...document.querySelectorAll('figure.plane')].map((f) => f.innerText)")
    assert names == ["amplitude", "instantaneous frequency, real part", "group delay, modulus"]


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


# What cannot be used has a sentence each.


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
    shipped_page: Exported, tmp_path: Path, before: str, sentence: str
) -> None:
    with chromium(tmp_path) as page:
        page.open(shipped_page.path, before=before)
        page.until("!document.getElementById('problem').hidden")
        assert sentence in page.evaluate("document.getElementById('problem').textContent")
        assert page.evaluate("document.getElementById('listen').disabled")


def test_without_javascript_it_says_so(shipped_page: Exported, tmp_path: Path) -> None:
    with chromium(tmp_path) as page:
        page.call("Emulation.setScriptExecutionDisabled", value=True)
        page.call("Page.navigate", url=shipped_page.path.as_uri())
        page.until("document.readyState === 'complete' && document.body !== null")
        assert "it needs JavaScript" in page.evaluate("document.body.innerText")


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
    shipped_page: Exported, tmp_path: Path, before: str, sentence: str
) -> None:
    with chromium(tmp_path, "--use-fake-ui-for-media-stream") as page:
        page.open(shipped_page.path, before=before)
        page.until("document.body.dataset.ready === 'yes'")
        press_listen(page)
        page.until("!$('problem').hidden")
        assert sentence in page.evaluate("$('problem').textContent")
        assert page.evaluate("!$('listen').disabled")


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


@pytest.mark.parametrize("name", ["shipped_page", "phases_page"])
def test_the_microphones_road_is_exact_behind_the_worklet(
    request: pytest.FixtureRequest,
    recordings: dict[str, Path],
    tmp_path: Path,
    name: str,
) -> None:
    exported: Exported = request.getfixturevalue(name)
    loaded, path = exported.bundle, exported.path
    spoken = read_audio(recordings["speech"])
    soundfile.write(tmp_path / "spoken.wav", np.repeat(spoken, 3), 48_000, subtype="PCM_16")
    with chromium(tmp_path / "profile", *fake_microphone(tmp_path / "spoken.wav")) as page:
        opened(page, path)
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


HOSTILE = '</script><img src=x onerror="document.title=1">\u2028{{ 7*7 }}\u202e'


def test_names_from_a_model_are_shown_and_never_obeyed(
    shipped: Bundle, tmp_path: Path, browser: Page, recordings: dict[str, Path]
) -> None:
    trained = shipped.trained
    corpus = dataclasses.replace(trained.corpus, name=HOSTILE, licence=HOSTILE)
    classes = (f"a{HOSTILE}", "`${x}`", *trained.classes[2:])
    hostile = dataclasses.replace(trained, corpus=corpus, classes=classes)
    path = tmp_path / "hostile.html"
    export_web(dataclasses.replace(shipped, trained=hostile), path)
    page = opened(browser, path)
    hear(page, recordings["speech"])
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert page.evaluate("document.title").endswith("in a browser")
    names = page.evaluate("[...document.querySelectorAll('#bars .name')].map((n) => n.textContent)")
    assert names[1] == "`${x}`"
    assert names[0].startswith('a</script><img src=x onerror="document.title=1">\\u2028')
    assert "\u202e" not in page.evaluate("document.documentElement.outerHTML")
    assert not page.complaints


# The command.


def test_the_command_writes_one_page(edgeser: Edgeser, tools: None, tmp_path: Path) -> None:
    path = tmp_path / "a page.html"
    ran = edgeser("export", "pretrained-small", "--target", "web", "--out", path, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["schema"] == "edgeser.export-web/1"
    assert found["page_bytes"] == path.stat().st_size < 2_000_000
    assert found["model_sha256"] in path.read_text()
    again = edgeser("export", "pretrained-small", "--target", "web", "--out", path)
    assert again.code == 0
    assert "needs no network" in again.out
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_command_refuses_in_one_line(edgeser: Edgeser, tools: None, tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes((VECTORS / "amplitude_phase_int8.tflite").read_bytes())
    for words, code, said in (
        (("--out", tmp_path), 2, "is a folder, where a file is to be written"),
        (("--board", "mps2-an500"), 2, "--board is for"),
        (("--name", "x"), 2, "--name is for --target firmware"),
    ):
        ran = edgeser("export", "pretrained-small", "--target", "web", *words)
        assert ran.code == code, ran.err
        assert said in ran.err
    ran = edgeser("export", model, "--target", "web", "--out", tmp_path / "page.html")
    assert ran.code == 2
    assert "is a model alone: a page takes sound" in ran.err
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]


def test_without_the_compiler_the_exit_code_is_3(edgeser: Edgeser, tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    words = ("export", "pretrained-small", "--target", "web", "--out", tmp_path / "page.html")
    ran = edgeser(*words, PATH=str(empty))
    assert ran.code == 3
    assert "apt-get install --no-install-recommends clang-19 lld-19" in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (400, True)])
def test_it_fits_its_width(
    browser: Page,
    phases_page: Exported,
    recordings: dict[str, Path],
    tmp_path: Path,
    width: int,
    dark: bool,
) -> None:
    page = opened(browser, phases_page.path)
    hear(page, recordings["speech"])
    page.screenshot(tmp_path / "page.png", width=width, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (tmp_path / "page.png").stat().st_size > 20_000


def test_keys_alone_reach_everything(browser: Page, shipped_page: Exported) -> None:
    page = opened(browser, shipped_page.path)
    reached = []
    for _ in range(5):
        for kind in ("rawKeyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key="Tab", windowsVirtualKeyCode=9)
        time.sleep(0.02)
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.className")
        )
    assert reached[:3] == ["skip", "listen", "open"]
