"""Bad input of every kind: one line with file, reason and next step, exit code 2, nothing lost."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.corpora.audio.wav import wav_bytes
from quantize.foundation.errors import BadInput
from quantize.foundation.files import append_text

Edgeser = Callable[..., Any]
NOISE = np.random.default_rng(0).normal(0, 0.1, 16_000)
GOOD_WAV = wav_bytes((NOISE * 32767).astype(np.int16))


def refused(ran: Any, *parts: object) -> str:
    """Return the one line of a refusal after checking all that every refusal must be."""
    assert ran.code == 2, ran.err
    assert ran.out == ""
    (line,) = ran.err.splitlines()
    assert line.startswith("edgeser: ")
    assert "; " in line, "there is no next step"
    for part in parts:
        assert str(part) in line
    return str(line)


def sounds(folder: Path) -> dict[str, Path]:
    """Write WAV files that can be used, of unusual kinds."""
    kinds = {
        "8-bit": (NOISE, 16_000, "PCM_U8"),
        "24-bit": (NOISE, 16_000, "PCM_24"),
        "32-bit": (NOISE, 16_000, "PCM_32"),
        "float": (NOISE, 16_000, "FLOAT"),
        "double": (NOISE, 16_000, "DOUBLE"),
        "96-khz": (np.repeat(NOISE, 6), 96_000, "PCM_16"),
        "44-khz": (NOISE, 44_100, "PCM_16"),
        "8-channel": (np.stack([NOISE] * 8, axis=1), 16_000, "PCM_16"),
    }
    for name, (samples, rate, subtype) in kinds.items():
        soundfile.write(folder / f"{name}.wav", samples, rate, subtype=subtype)
    return {name: folder / f"{name}.wav" for name in kinds}


def broken_sounds(folder: Path) -> dict[str, Path]:
    """Write files named .wav that cannot be used."""
    huge = bytearray(GOOD_WAV)
    huge[40:44] = struct.pack("<I", 0xFFFFFF00)
    contents = {
        "empty": b"",
        "text": b"This is a text that somebody renamed.\n" * 9,
        "header-only": GOOD_WAV[:44],
        "cut-header": GOOD_WAV[:30],
        "cut": GOOD_WAV[: len(GOOD_WAV) // 2],
        "huge-claim": bytes(huge),
        "zeros": bytes(1000),
        "zip": b"PK\x03\x04" + bytes(100),
    }
    paths = {name: folder / f"{name}.wav" for name in contents}
    for name, data in contents.items():
        paths[name].write_bytes(data)
    for name, value in (("nan", np.nan), ("infinite", np.inf)):
        paths[name] = folder / f"{name}.wav"
        soundfile.write(paths[name], np.append(NOISE, value), 16_000, subtype="FLOAT")
    paths["missing"] = folder / "missing.wav"
    paths["folder"] = folder / "folder.wav"
    paths["folder"].mkdir()
    return paths


def test_audio_of_every_usable_kind_is_read(edgeser: Edgeser, tmp_path: Path) -> None:
    paths = sounds(tmp_path)
    ran = edgeser("features", *paths.values(), "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    frames = {Path(f["input"]).stem: f["frames"] for f in json.loads(ran.out)["files"]}
    assert set(frames) == set(paths)
    assert all(count == 98 for name, count in frames.items() if name != "44-khz")


def test_broken_audio_is_named_line_by_line_and_the_rest_computed(
    edgeser: Edgeser, tmp_path: Path
) -> None:
    good = tmp_path / "good.wav"
    good.write_bytes(GOOD_WAV)
    paths = broken_sounds(tmp_path)
    ran = edgeser("features", good, *paths.values(), "--out", tmp_path / "out")
    assert ran.code == 2
    assert "Traceback" not in ran.err
    lines = [line for line in ran.err.splitlines() if line.startswith("edgeser: ")]
    assert len(lines) == len(paths)
    for path, line in zip(paths.values(), lines, strict=True):
        assert str(path) in line
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["good.npz"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 3", "'name' is 3"),
        ('name = "x"\n[training]\nepochs = "ten"', "'epochs' is 'ten'"),
        ('name = "x"\n[trainin]\nepochs = 3', "did you mean 'training'"),
        ('name = "x"\nseed = -3', "the seed is -3"),
        ("name = ", "is not TOML"),
        ("\x00", "is not TOML"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "train"])
def test_recipes_that_are_wrong(
    verb: str, text: str, message: str, edgeser: Edgeser, tmp_path: Path
) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text)
    refused(edgeser(verb, path, "--out", tmp_path / "out"), path, message)
    assert not (tmp_path / "out").exists()


def test_recipes_that_are_no_text_or_not_there(edgeser: Edgeser, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_bytes(b"\xff\xfe\x00" * 9)
    refused(edgeser("run", path), path, "not UTF-8")
    refused(edgeser("run", tmp_path / "none.toml"), "none.toml", "does not exist")
    refused(edgeser("run", "dmeo"), "did you mean 'demo'")
    refused(edgeser("features", path, "--frontend", "microfront"), "no preset 'microfront'")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A manifest with two clips."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.wav").write_bytes(GOOD_WAV)
    return folder


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("path,emotion\na.wav,anger\n", "lacks the column speaker"),
        ("file;label\na.wav;anger\n", "lacks the column path, emotion, speaker"),
        ("path,emotion,speaker\na.wav,angre,s1\n", "did you mean 'anger'"),
        ("path,emotion,speaker\na.wav,anger,\n", "the speaker is empty"),
        ("path,emotion,speaker\n../a.wav,anger,s1\n", "line 2"),
        ("path,emotion,speaker\n/etc/passwd,anger,s1\n", "line 2"),
        ("path,emotion,speaker\na.wav,anger,s1,x,y\n", "5 values for 3 columns"),
        ("path,emotion,speaker\nnone.wav,anger,s1\n", "none.wav"),
        ("path,emotion,speaker\n", "holds no clip"),
        ("", "lacks the column"),
        ('path,emotion,speaker\n"a.wav,anger,s1\n', "cannot read the table"),
    ],
)
@pytest.mark.parametrize("verb", [("corpus", "check"), ("run", "demo", "--corpus")])
def test_manifests_that_are_wrong(
    verb: tuple[str, ...], manifest: str, message: str, edgeser: Edgeser, corpus: Path
) -> None:
    (corpus / "manifest.csv").write_text(manifest)
    out = () if verb[0] == "corpus" else ("--out", corpus.parent / "out")
    refused(edgeser(*verb, f"generic:{corpus}", *out), corpus, message)
    assert not (corpus.parent / "out").exists()


def test_corpora_that_are_not_there(edgeser: Edgeser, tmp_path: Path) -> None:
    out = tmp_path / "out"
    missing = tmp_path / "none"
    refused(edgeser("run", "--corpus", f"cremad:{missing}", "--out", out), missing, "not exist")
    refused(edgeser("run", "--corpus", f"cremd:{missing}", "--out", out), "did you mean 'cremad'")
    refused(edgeser("run", "--corpus", str(missing), "--out", out), "NAME:PATH")
    refused(edgeser("run", "cremad", "--out", out), "--corpus cremad:PATH")
    assert not out.exists()


def test_a_corpus_of_too_few_speakers_leaves_nothing_behind(edgeser: Edgeser, corpus: Path) -> None:
    (corpus / "manifest.csv").write_text("path,emotion,speaker\na.wav,anger,s1\nb.wav,neutral,s2\n")
    out = corpus.parent / "out"
    refused(edgeser("run", "demo", "--corpus", f"generic:{corpus}", "--out", out), "at least three")


def test_a_corpus_check_finds_what_cannot_be_used_and_says_so_by_its_exit_code(
    edgeser: Edgeser, corpus: Path
) -> None:
    (corpus / "manifest.csv").write_text(
        "path,emotion,speaker\na.wav,anger,s1\nb.wav,neutral,s2\nc.wav,fear,s3\n"
    )
    ran = edgeser("corpus", "check", f"generic:{corpus}", "--json")
    assert ran.code == 1
    assert "c.wav" in ran.out
    assert json.loads(ran.out)["schema"].startswith("edgeser.corpus-check/")


@pytest.fixture(scope="module")
def model(shared: Path) -> bytes:
    return (shared / "mlperf_tiny" / "kws_ref_model.tflite").read_bytes()


@pytest.mark.parametrize("verb", ["inspect", "bench"])
@pytest.mark.parametrize("kind", ["empty", "text", "cut", "head", "zip", "flipped", "folder"])
def test_models_that_are_broken_or_of_another_kind(
    verb: str, kind: str, model: bytes, edgeser: Edgeser, tmp_path: Path
) -> None:
    path = tmp_path / f"{kind}.tflite"
    if kind == "folder":
        path.mkdir()
    else:
        contents = {
            "empty": b"",
            "text": b"a model, honestly\n" * 99,
            "cut": model[: len(model) // 2],
            "head": model[:8],
            "zip": b"PK\x05\x06" + bytes(18),
            "flipped": b"\xff" * 64 + model[64:],
        }
        path.write_bytes(contents[kind])
    refused(edgeser(verb, path), path)


@pytest.mark.parametrize("verb", ["inspect", "bench", "parity", "evaluate", "predict", "report"])
def test_bundles_that_are_not_there_or_something_else(
    verb: str, edgeser: Edgeser, tmp_path: Path
) -> None:
    wav = tmp_path / "a.wav"
    wav.write_bytes(GOOD_WAV)
    more = (wav,) if verb == "predict" else ()
    refused(edgeser(verb, tmp_path / "none", *more), tmp_path / "none")
    (tmp_path / "folder").mkdir()
    refused(edgeser(verb, tmp_path / "folder", *more), tmp_path / "folder")
    if verb != "report":
        refused(edgeser(verb, wav, *more), wav)


@pytest.mark.parametrize("verb", ["export", "calibrate"])
def test_trained_networks_that_are_not_there_or_something_else(
    verb: str, edgeser: Edgeser, tmp_path: Path
) -> None:
    more = ("--out", tmp_path / "c.npz") if verb == "calibrate" else ()
    refused(edgeser(verb, tmp_path / "none", *more), tmp_path / "none")
    (tmp_path / "folder").mkdir()
    refused(edgeser(verb, tmp_path / "folder", *more), tmp_path / "folder", "edgeser train")
    wav = tmp_path / "a.wav"
    wav.write_bytes(GOOD_WAV)
    refused(edgeser(verb, wav, *more), wav)
    assert not (tmp_path / "c.npz").exists()


def test_features_into_a_folder_that_cannot_be_written(
    edgeser: Edgeser, tmp_path: Path, unwritable_folder: Path
) -> None:
    wav = tmp_path / "a.wav"
    wav.write_bytes(GOOD_WAV)
    ran = edgeser("features", wav, "--out", unwritable_folder, "--quiet")
    refused(ran, unwritable_folder / "a.npz", "cannot write")


def test_features_onto_a_full_disk_keep_what_was_there(
    edgeser: Edgeser, tmp_path: Path, small_disk: Path
) -> None:
    wav = tmp_path / "a.wav"
    wav.write_bytes(GOOD_WAV)
    (small_disk / "a.npz").write_bytes(b"of an earlier run")
    (small_disk / "ballast").write_bytes(bytes(56_000))
    ran = edgeser("features", wav, "--out", small_disk, "--quiet")
    refused(ran, small_disk / "a.npz", "No space left")
    assert (small_disk / "a.npz").read_bytes() == b"of an earlier run"
    assert {p.name for p in small_disk.iterdir()} == {"a.npz", "ballast"}


@pytest.mark.parametrize("verb", ["run", "train"])
def test_a_run_into_a_folder_that_cannot_be_written(
    verb: str, edgeser: Edgeser, tiny_recipe: Path, unwritable_folder: Path
) -> None:
    out = unwritable_folder / "out"
    refused(edgeser(verb, tiny_recipe, "--out", out, "--quiet"), out)


def test_a_run_onto_a_full_disk_keeps_what_was_there(
    edgeser: Edgeser, tiny_recipe: Path, small_disk: Path
) -> None:
    shutil.copy(tiny_recipe, small_disk / "mine.toml")
    ran = edgeser("run", tiny_recipe, "--out", small_disk / "out", "--quiet")
    refused(ran, small_disk / "out", "No space left")
    left = [p for p in small_disk.rglob("*") if p.is_file()]
    assert left == [small_disk / "mine.toml"]


def test_a_cache_that_cannot_be_written_only_costs_speed(
    edgeser: Edgeser, tmp_path: Path, unwritable_folder: Path
) -> None:
    wav = tmp_path / "a.wav"
    wav.write_bytes(GOOD_WAV)
    ran = edgeser("features", wav, "--out", tmp_path, EDGESER_CACHE=str(unwritable_folder / "c"))
    assert ran.code == 0, ran.err


def test_a_summary_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"cannot append to {tmp_path}: it is not a regular file"):
        append_text(tmp_path, "text")
    append_text(tmp_path / "summary.md", "one\n")
    append_text(tmp_path / "summary.md", "two\n")
    assert (tmp_path / "summary.md").read_text() == "one\ntwo\n"


def test_what_is_no_bundle_says_what_is_one(edgeser: Edgeser, tmp_path: Path) -> None:
    model, sound, folder = tmp_path / "m.tflite", tmp_path / "x.wav", tmp_path / "Grüße ö"
    model.write_bytes(b"\x1c\0\0\0TFL3" + bytes(99))
    sound.write_bytes(GOOD_WAV)
    folder.mkdir()
    refused(edgeser("predict", model, sound), model, "it is no zip", "give a bundle.zip")
    refused(edgeser("predict", folder, sound), folder, "no bundle", "edgeser run --out")
    (folder / "trained.zip").write_bytes(b"PK")
    refused(edgeser("predict", folder, sound), folder, "no bundle", "run 'edgeser export'")
    told = edgeser("export", model)
    assert told.code == 2 and "m is converted already: give --target firmware" in told.err


def test_a_folder_among_recordings_says_to_give_files(edgeser: Edgeser, tmp_path: Path) -> None:
    told = edgeser("predict", "pretrained", tmp_path)
    assert told.code == 2
    assert f"cannot read {tmp_path}: it is a folder (give a file in it)" in told.err


@pytest.mark.parametrize("verb", ["inspect", "lint", "estimate"])
def test_what_is_no_model_is_told_that_the_verb_takes_one(
    edgeser: Edgeser, tmp_path: Path, verb: str
) -> None:
    text = tmp_path / "README.md"
    text.write_text("# no model\n")
    line = refused(edgeser(verb, text), text, "it is no zip")
    assert f"'{verb}'" in line.partition(" lists; ")[2]
