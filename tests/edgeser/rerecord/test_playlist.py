"""Play lists: chirps that tell which they are, files that are laid out as is said, hostile JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.corpora import open_corpus, read_audio
from edgeser.rerecord import PlaySettings, cut, read_playlist, write_playlist
from edgeser.rerecord.hear import listen
from edgeser.rerecord.interpolate import values_at
from edgeser.rerecord.markers import MOST_BLOCKS, Marker, bits_of, marker_of, sweep
from quantize.foundation.errors import BadInput
from tests.edgeser.rerecord.recording import Played

Change = Callable[[dict[str, Any]], None]


def test_bits_tell_the_block_and_the_list() -> None:
    for block in (0, 1, 2730, MOST_BLOCKS - 1):
        for kind in ("before", "after"):
            bits = bits_of(Marker(kind, block), "abc")  # type: ignore[arg-type]
            assert marker_of(kind, bits, "abc") == Marker(kind, block)  # type: ignore[arg-type]
    bits = bits_of(Marker("before", 7), "abc")
    assert marker_of("before", bits, "abd") is None
    assert marker_of("after", bits, "abc") is None
    for place in range(len(bits)):
        wrong = tuple(bit != (place == at) for at, bit in enumerate(bits))
        assert marker_of("before", wrong, "abc") is None


def test_a_sweep_by_another_clock_is_the_same_sweep() -> None:
    slow, fast = sweep(16_000, 0.25, up=True), sweep(48_000, 0.25, up=True)
    assert np.abs(fast[::3][: len(slow)] - slow).max() < 1e-9
    assert np.allclose(sweep(16_000, 0.25, up=False), sweep(16_000, 0.25, up=False))


def test_values_between_samples_are_those_of_the_signal() -> None:
    time = np.arange(4000)
    for hertz in (100.0, 3000.0, 7000.0):
        signal = np.sin(2 * np.pi * hertz / 16_000 * time)
        moments = 500.25 + 1.0002 * np.arange(2000)
        found = values_at(signal, 500.25, 1.0002, 2000)
        assert np.abs(found - np.sin(2 * np.pi * hertz / 16_000 * moments)).max() < 2e-3
    above = np.sin(2 * np.pi * 11_000 / 48_000 * time)
    assert np.abs(values_at(above, 600.0, 3.0, 900)).max() < 1e-3  # would fold back to 5 kHz


def test_files_hold_what_the_list_says(played: Played) -> None:
    playlist = played.playlist
    clips = {clip.name: (block, clip) for block in playlist.blocks for clip in block.clips}
    corpus = open_corpus("generic", played.corpus)
    assert list(clips) == [u.clip_id for u in corpus.utterances]
    assert len(playlist.blocks) > 2
    sound = read_audio(played.folder / "play-001.wav")
    for utterance in corpus.utterances:
        block, clip = clips[utterance.clip_id]
        assert block.before < clip.start
        assert clip.start + clip.samples < block.after
        samples = read_audio(utterance.path)
        assert np.array_equal(sound[clip.start : clip.start + clip.samples], samples)
    heard = listen(played.folder / "play-001.wav", playlist.list_id).heard
    wanted = [p for block in playlist.blocks for p in (block.before, block.after)]
    assert [round(h.position, 2) for h in heard] == pytest.approx(wanted, abs=0.02)


def test_long_lists_are_several_files_and_the_same_again(played: Played, tmp_path: Path) -> None:
    corpus = open_corpus("generic", played.corpus)
    settings = PlaySettings(block_seconds=3.0, file_minutes=0.2)
    done = write_playlist(corpus, tmp_path / "list", settings=settings)
    files = sorted(p.name for p in (tmp_path / "list").glob("*.wav"))
    assert len(files) > 1
    assert {block.file for block in done.playlist.blocks} == set(files)
    before = {p: p.read_bytes() for p in (tmp_path / "list").iterdir()}
    write_playlist(corpus, tmp_path / "list", settings=settings)
    assert {p: p.read_bytes() for p in (tmp_path / "list").iterdir()} == before
    with pytest.raises(BadInput, match="another play list"):
        write_playlist(corpus, tmp_path / "list")
    found = cut(tmp_path / "list", [tmp_path / "list" / name for name in files], tmp_path / "out")
    assert not found.refused


def test_a_clip_that_cannot_be_read_is_left_out_and_a_taken_folder_refused(
    played: Played, tmp_path: Path
) -> None:
    corpus = open_corpus("generic", played.corpus)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").write_text("mine")
    with pytest.raises(BadInput, match="holds something else"):
        write_playlist(corpus, tmp_path / "mine")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    good = corpus.utterances[0].path.read_bytes()
    (damaged / "a.wav").write_bytes(good)
    (damaged / "b.wav").write_bytes(good[:-100])
    (damaged / "manifest.csv").write_text("path,emotion,speaker\na.wav,anger,s\nb.wav,fear,t\n")
    done = write_playlist(open_corpus("generic", damaged), tmp_path / "list")
    assert done.playlist.clips == 1
    (why,) = done.left_out
    assert "b.wav" in why
    assert "cut short" in why


def _clip(table: dict[str, Any]) -> dict[str, Any]:
    clip: dict[str, Any] = table["blocks"][0]["clips"][0]
    return clip


HOSTILE: dict[str, tuple[Change, str]] = {
    "leaves": (lambda t: _clip(t).update(name="../../x"), "a clip named"),
    "absolute": (lambda t: _clip(t).update(name="/x"), "a clip named"),
    "hidden": (lambda t: _clip(t).update(name="a/.b"), "a clip named"),
    "control": (lambda t: _clip(t).update(name="a\x1b[31m"), r"a\x1b[31m"),
    "twice": (
        lambda t: _clip(t).update(name=t["blocks"][0]["clips"][1]["name"]),
        "a clip named",
    ),
    "file": (lambda t: t["blocks"][0].update(file="../play.wav"), "no file's name"),
    "before": (lambda t: t["blocks"][0].update(before=-1), "ends before it begins"),
    "endless": (lambda t: t["blocks"][0].update(after=2**62), "ends before it begins"),
    "outside": (lambda t: _clip(t).update(start=0), "does not lie in block 0"),
    "long": (lambda t: _clip(t).update(samples=2**40), "does not lie in block 0"),
    "empty": (lambda t: _clip(t).update(samples=0), "does not lie in block 0"),
    "column": (lambda t: _clip(t)["row"].update(path="/x"), "has the column 'path'"),
    "rate": (lambda t: t.update(sample_rate=0), "its sample rate is 0"),
    "no blocks": (lambda t: t.update(blocks=[]), "it has 0 blocks"),
    "type": (lambda t: t.update(blocks="x"), "'blocks' is 'x'"),
    "schema": (lambda t: t.update(schema="edgeser.run/1"), "its schema is not"),
    "key": (lambda t: t.update(more=1), "no key 'more'"),
    "float": (lambda t: _clip(t).update(start=1e300), "'start' is 1e+300"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_list_of_strangers_is_not_believed(played: Played, tmp_path: Path, kind: str) -> None:
    change, said = HOSTILE[kind]
    table = json.loads((played.folder / "playlist.json").read_text())
    change(table)
    (tmp_path / "playlist.json").write_text(json.dumps(table))
    with pytest.raises(BadInput) as refused:
        read_playlist(tmp_path)
    assert said in refused.value.message
    assert "\x1b" not in refused.value.message
    assert refused.value.message.count("\n") == 0


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000, '"x"', "\ufeff"])
def test_what_is_no_list(tmp_path: Path, text: str) -> None:
    (tmp_path / "playlist.json").write_text(text)
    with pytest.raises(BadInput, match="is no play list"):
        read_playlist(tmp_path)
