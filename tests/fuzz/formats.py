"""The formats: where their samples come from, and what reads a mutant as a command would."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from edgeser.bundle import load_bundle, load_trained
from edgeser.bundle.archive import MANIFEST, write_archive
from edgeser.bundle.trained import decode_calibration, window_shape
from edgeser.cli.app import _run
from edgeser.corpora.audio.files import read_audio
from edgeser.corpora.layouts import cremad
from edgeser.corpora.utterance import Corpus
from edgeser.features import FeatureCache
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.report import write_report
from edgeser.recipe import load_recipe
from edgeser.report import estimate as estimate_format
from edgeser.report import lint as lint_format
from edgeser.report.schemas.lint import lint_json
from firmware_bridge.compiler import compile_model
from firmware_bridge.emulator import read_sections
from firmware_bridge.link.banner import parse_banner
from firmware_bridge.link.frames import Decoder, Frame, encode_frame
from fuzz import mutation
from fuzz.small_models import small_models
from quantize.edgetpu import read_compiled
from quantize.edgetpu.compiler_log import parse_log
from quantize.edgetpu.estimate import estimate
from quantize.edgetpu.lint import lint_model
from quantize.foundation.errors import EdgeserError
from quantize.tflite import read_model

LARGEST_SAMPLE = 2 << 20
"""Larger models hold more payload, and no other structure."""


@dataclass(frozen=True, slots=True)
class Material:
    """What samples are taken from.

    Parameters
    ----------
    run
        The folder of a whole run: bundle, trained network, states, recipe, recordings.
    models
        Folders with .tflite files of others; may be empty.
    """

    run: Path
    models: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Parameters
    ----------
    samples
        Sound files of it, as bytes.
    read
        Reads a mutant as a command does, and renders what came of it; may write into the folder.
        An `EdgeserError` is a refusal.
    mutations
        How its mutants are made.
    """

    samples: Callable[[Material], list[bytes]]
    read: Callable[[bytes, Path, Material], None]
    mutations: tuple[mutation.Mutation, ...] = mutation.BINARY


def command(*arguments: str | Path) -> str:
    """Run a command in this process; return what it printed.

    Raises
    ------
    EdgeserError
        When it refused its input: what it said on stderr.
    AssertionError
        When it ended as an internal error, said more than its line, or let a control character
        through to the terminal.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = _run([str(argument) for argument in arguments])
    assert code in (0, 1, 2, 3), f"exit code {code}: {err.getvalue()[-400:]}"
    for text in (out.getvalue(), err.getvalue()):
        odd = [c for c in text if not c.isprintable() and c != "\n"]
        assert not odd, f"{odd[:3]} reaches the terminal"
    if code:
        raise EdgeserError(err.getvalue())
    return out.getvalue()


def _written(data: bytes, folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _models(material: Material, pattern: str = "*.tflite") -> list[bytes]:
    paths = [path for folder in material.models for path in sorted(folder.rglob(pattern))]
    return [p.read_bytes() for p in paths if p.stat().st_size <= LARGEST_SAMPLE]


def _tflite_samples(material: Material) -> list[bytes]:
    return [(material.run / "model_int8.tflite").read_bytes(), *_models(material)]


def _read_tflite(data: bytes, folder: Path, material: Material) -> None:
    del material
    path = _written(data, folder, "m.tflite")
    json.loads(command("inspect", path, "--json"))
    command("inspect", path)


def _lint_tflite(data: bytes, folder: Path, material: Material) -> None:
    """Without the runtimes, which need a process each: what is static, and the C compiler."""
    del folder, material
    model = read_model(data)
    report = lint_model(model)
    json.dumps(lint_json(report), allow_nan=False)
    json.dumps(lint_format.lint_sarif(report, uri="m.tflite", version="0"), allow_nan=False)
    lint_format.lint_markdown(report)
    lint_format.lint_tables(report)
    estimate_format.estimate_tables(estimate(model))
    compile_model(data, "m")


def _compiled_samples(material: Material) -> list[bytes]:
    return [d for d in _models(material, "*edgetpu.tflite") if len(d) < 400_000]


def _read_compiled(data: bytes, folder: Path, material: Material) -> None:
    del folder, material
    read_compiled(read_model(data))


def _read_bundle(data: bytes, folder: Path, material: Material) -> None:
    del material
    load_bundle(_written(data, folder, "b.zip"))


def _members(name: str) -> Callable[[Material], list[bytes]]:
    """Take the members of an archive as samples, each with its name in front."""

    def samples(material: Material) -> list[bytes]:
        with zipfile.ZipFile(material.run / name) as archive:
            names = [entry for entry in archive.namelist() if entry != MANIFEST]
            return [entry.encode() + b"\0" + archive.read(entry) for entry in names]

    return samples


def _read_members(
    name: str, load: Callable[[Path], object]
) -> Callable[[bytes, Path, Material], None]:
    """Put a mutant in its member's place, in an archive whose hashes are right."""

    def read(data: bytes, folder: Path, material: Material) -> None:
        member, _, content = data.partition(b"\0")
        with zipfile.ZipFile(material.run / name) as archive:
            members = {n: archive.read(n) for n in archive.namelist() if n != MANIFEST}
        if member.decode("utf-8", "replace") not in members:
            raise EdgeserError("the mutant is of no member")
        members[member.decode()] = content
        write_archive(folder / name, members)
        load(folder / name)

    return read


def _calibration_samples(material: Material) -> list[bytes]:
    with zipfile.ZipFile(material.run / "trained.zip") as archive:
        return [archive.read("calibration.npz")]


def _read_calibration(data: bytes, folder: Path, material: Material) -> None:
    del folder
    trained = load_trained(material.run / "trained.zip")
    decode_calibration(data, where="c.npz", window=window_shape(trained.recipe, trained.frontend))


def _recipe_samples(material: Material) -> list[bytes]:
    return [(material.run / "recipe.toml").read_bytes()]


def _read_recipe(data: bytes, folder: Path, material: Material) -> None:
    del material
    recipe = load_recipe(str(_written(data, folder, "r.toml")))
    assert recipe.hash
    recipe.to_toml()


def _manifest_samples(material: Material) -> list[bytes]:
    lines = (material.run / "synthetic-voices" / "manifest.csv").read_bytes().splitlines()
    return [b"\n".join(lines[:6]) + b"\n"]


def _read_manifest(data: bytes, folder: Path, material: Material) -> None:
    audio = folder / "audio"
    if not audio.exists():
        shutil.copytree(material.run / "synthetic-voices" / "audio", audio)
    command("corpus", "check", f"generic:{_written(data, folder, 'm.csv')}")


def _wav_samples(material: Material) -> list[bytes]:
    import soundfile

    paths = sorted((material.run / "synthetic-voices" / "audio").glob("*.wav"))[:2]
    samples = [paths[0].read_bytes()]
    audio, rate = soundfile.read(paths[1], dtype="float32", frames=4000)
    for kind in ("FLAC", "WAV"):
        for subtype in ("PCM_16", "PCM_24") + (("FLOAT", "ULAW") if kind == "WAV" else ()):
            buffer = io.BytesIO()
            two = np.stack([audio, -audio / 2], axis=1)
            soundfile.write(buffer, two, rate, format=kind, subtype=subtype)
            samples.append(buffer.getvalue())
    return samples


def _read_wav(data: bytes, folder: Path, material: Material) -> None:
    del material
    read_audio(_written(data, folder, "a.wav"))


_LOGS = (
    b"Edge TPU Compiler version 16.0.384591198\nStarted a compilation timeout timer of 180 "
    b"seconds.\n\nModel compiled successfully in 30 ms.\n\nInput model: m.tflite\nInput size: "
    b"64.50KiB\nOutput model: m_edgetpu.tflite\nOutput size: 108.50KiB\nOn-chip memory used for "
    b"caching model parameters: 61.25KiB\nOn-chip memory remaining for caching model parameters: "
    b"7.62MiB\nOff-chip memory used for streaming uncached model parameters: 0.00B\nNumber of "
    b"Edge TPU subgraphs: 1\nTotal number of operations: 5\nOperation log: m_edgetpu.log\n\n"
    b"Operator                       Count      Status\n\n"
    b"CONV_2D                        4          Mapped to Edge TPU\n"
    b"SOFTMAX                        1          Mapped to Edge TPU\n",
    b"Edge TPU Compiler version 16.0.384591198\nERROR: output->params.scale != 1.f / 256\nERROR: "
    b"Node number 3 (SOFTMAX) failed to prepare.\n\nInternal compiler error. Aborting!\n",
    b"ERROR: Didn't find op for builtin opcode 'CONV_2D' version '6'. An older version of this "
    b"builtin might be supported.\nERROR: Registration failed.\nInvalid model: m.tflite\n",
)


def _read_log(data: bytes, folder: Path, material: Material) -> None:
    del folder, material
    parse_log(data.decode("utf-8", "replace"))


_BANNER = (
    "protocol=2\nboard=mps2-an500\nmodel=m\ncompiler=gcc 12.2\nclock_hz=25000000\n"
    f"model_hash={'a' * 64}\nfrontend_hash={'b' * 64}\nsample_rate=16000\nhop_samples=160\n"
    "window_frames=48\nstream_hop_frames=16\nsmoothing=1\ncertainty_multiplier=1\n"
    "unsure_below=0\nchannels=40\nplanes=3\n"
    "input_bytes=5760\noutput_bytes=6\noperators=12\narena_bytes=20000\n"
).encode()


def _read_banner(data: bytes, folder: Path, material: Material) -> None:
    del folder, material
    parse_banner(data)


def _wire_samples(material: Material) -> list[bytes]:
    del material
    frames = [encode_frame(Frame(kind, 0, 7, _BANNER)) for kind in (0x81, 0x83, 0xFF)]
    return [b"m-ready\r\n" + b"\0".join([b"", *frames, b""]) + b"m-lap-us-12\r\n"]


def _read_wire(data: bytes, folder: Path, material: Material) -> None:
    """A frame whose checksum is right is believed as far as its payload can be read."""
    del folder, material
    for event in Decoder().feed(data):
        if isinstance(event, Frame):
            parse_banner(event.payload)


def _state_samples(material: Material) -> list[bytes]:
    paths = sorted((material.run / "state").glob("*.json"))
    return [path.name.encode() + b"\0" + path.read_bytes() for path in paths]


def _read_state(data: bytes, folder: Path, material: Material) -> None:
    name, _, content = data.partition(b"\0")
    run = folder / "run"
    if not run.exists():
        (run / "state").mkdir(parents=True)
        shutil.copy(material.run / "bundle.zip", run / "bundle.zip")
    known = {path.name for path in (material.run / "state").glob("*.json")}
    if name.decode("utf-8", "replace") not in known:
        raise EdgeserError("the mutant is of no state")
    path = run / "state" / name.decode()
    path.write_bytes(content)
    try:
        for suffix in ("json", "markdown", "html"):
            write_report(RunFolder(run), suffix=suffix)
    finally:
        path.unlink()


def _elf_samples(material: Material) -> list[bytes]:
    del material
    return [Path(shutil.which("true") or "/bin/true").read_bytes()]


def _read_elf(data: bytes, folder: Path, material: Material) -> None:
    del material
    read_sections(_written(data, folder, "e.elf"))


_KEY = "0" * 64


def _cache_samples(material: Material) -> list[bytes]:
    from firmware_bridge.frontend import FrontendConfig, compute_features

    config = FrontendConfig()
    features = compute_features(np.arange(4000, dtype=np.int16), config)
    place = material.run / "cache-sample"
    FeatureCache(place).store(_KEY, features)
    return [path.read_bytes() for path in place.rglob("*.features")]


def _read_cache(data: bytes, folder: Path, material: Material) -> None:
    del material
    place = folder / _KEY[:2]
    place.mkdir(exist_ok=True)
    _written(data, place, f"{_KEY}.features")
    if FeatureCache(folder).load(_KEY) is None:
        raise EdgeserError("it is computed anew")


_CREMAD_TABLES = {
    "speaker_splits.json": b'{"train": ["1001", 1002], "dev": ["1003"], "test": ["1004"]}',
    "VideoDemographics.csv": b"ActorID,Age,Sex,Race,Ethnicity\n1001,51,Male,Caucasian,Not "
    b"Hispanic\n1002,21,Female,Caucasian,Not Hispanic\n1003,21,Female,Asian,Not Hispanic\n",
    "tabulatedVotes.csv": b'"","A","D","F","H","N","S","fileName","numResponses","agreement",'
    b'"emoVote","meanEmoResp"\n"1",9,1,0,0,1,0,"1001_DFA_ANG_XX",11,0.8,"A",64.8\n',
}


def _cremad_samples(material: Material) -> list[bytes]:
    del material
    return [name.encode() + b"\0" + data for name, data in _CREMAD_TABLES.items()]


def _read_cremad(data: bytes, folder: Path, material: Material) -> None:
    name, _, content = data.partition(b"\0")
    if name.decode("utf-8", "replace") not in _CREMAD_TABLES:
        raise EdgeserError("the mutant is of no table")
    clips = folder / "AudioWAV"
    if not clips.exists():
        clips.mkdir()
        audio = next((material.run / "synthetic-voices" / "audio").glob("*.wav"))
        for speaker in range(1001, 1005):
            shutil.copy(audio, clips / f"{speaker}_DFA_ANG_XX.wav")
    for other, sound in _CREMAD_TABLES.items():
        (folder / other).write_bytes(sound)
    (folder / name.decode()).write_bytes(content)
    found = cremad.read(folder)
    assert isinstance(found, Corpus)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "tflite": Format(_tflite_samples, _read_tflite),
        "tflite-lint": Format(_tflite_samples, _lint_tflite),
        "operators": Format(lambda material: small_models(), _lint_tflite),
        "edgetpu": Format(_compiled_samples, _read_compiled),
        "bundle": Format(
            lambda material: [(material.run / "bundle.zip").read_bytes()], _read_bundle
        ),
        "bundle-members": Format(
            _members("bundle.zip"),
            _read_members("bundle.zip", load_bundle),
            (*mutation.BINARY, mutation.hostile_number),
        ),
        "trained-members": Format(
            _members("trained.zip"),
            _read_members("trained.zip", load_trained),
            (*mutation.BINARY, mutation.hostile_number),
        ),
        "calibration": Format(_calibration_samples, _read_calibration),
        "state": Format(_state_samples, _read_state, mutation.TEXT),
        "recipe": Format(_recipe_samples, _read_recipe, mutation.TEXT),
        "manifest": Format(_manifest_samples, _read_manifest, mutation.TEXT),
        "cremad-tables": Format(_cremad_samples, _read_cremad, mutation.TEXT),
        "audio": Format(_wav_samples, _read_wav),
        "features": Format(_cache_samples, _read_cache),
        "compiler-log": Format(lambda material: list(_LOGS), _read_log, mutation.TEXT),
        "banner": Format(
            lambda material: [_BANNER], _read_banner, (*mutation.BINARY, mutation.hostile_number)
        ),
        "wire": Format(_wire_samples, _read_wire),
        "elf": Format(_elf_samples, _read_elf),
    }
)
