"""`edgeser explain` from outside: pages, JSON, a corpus, and what is refused."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import soundfile

from edgeser.cli.explain import command
from edgeser.pipeline.explanation import corpus as explained_corpus

Edgeser = Callable[..., Any]


@pytest.fixture(scope="module")
def voice(run_folder: Path) -> Path:
    return min((run_folder / "synthetic-voices" / "audio").iterdir())


def test_a_recording_is_explained_as_predict_answers(
    edgeser: Edgeser, run_folder: Path, voice: Path, tmp_path: Path
) -> None:
    out = tmp_path / "explained"
    ran = edgeser("explain", run_folder, voice, "--out", out, "--coarse", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["schema"] == "edgeser.explain/1"
    (clip,) = found["clips"]
    predicted = json.loads(edgeser("predict", run_folder, voice, "--json").out)["clips"][0]
    assert clip["answer"] == predicted["label"]
    assert clip["probabilities"] == predicted["probabilities"]
    assert clip["windows"] == predicted["windows"]
    assert sum(clip["plane_shares"].values()) == pytest.approx(1.0)
    assert set(clip["plane_shares"]) == {"amplitude", "if_re", "gd_mod"}
    assert clip["engine"].startswith("the C of the firmware")
    assert clip["worth"]["shuffled"][-1]["layers"] == clip["worth"]["shuffled"][-1]["of"]
    names = sorted(path.name for path in out.iterdir())
    page = clip_page(found)
    assert names == sorted([f"{page}.html", f"{page}.json", "explained.json"])
    text = (out / f"{page}.html").read_text("utf-8")
    assert "Why" in text
    assert "<script" not in text


def clip_page(found: dict[str, Any]) -> str:
    return str(found["clips"][0]["page"])


def test_without_a_compiler_the_same_is_found(
    edgeser: Edgeser, run_folder: Path, voice: Path, tmp_path: Path
) -> None:
    maps = []
    (tmp_path / "empty").mkdir()
    for number, environment in enumerate(({}, {"PATH": str(tmp_path / "empty")})):
        out = tmp_path / str(number)
        words = ("--out", out, "--patch", "20x16", "--stride", "20x16", "--no-checks", "--no-cues")
        ran = edgeser("explain", run_folder, voice, *words, **environment)
        assert ran.code == 0, ran.err
        assert ("TFLite-Micro" in ran.err) == bool(environment)
        (path,) = (p for p in out.glob("*.json") if p.name != "explained.json")
        maps.append(json.loads(path.read_text("ascii"))["maps"])
    assert maps[0] == maps[1]


def test_a_corpus_has_a_page_for_all_and_one_a_clip(
    edgeser: Edgeser, run_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "corpus"
    corpus = f"synthetic:{run_folder / 'synthetic-voices'}"
    words = ("--corpus", corpus, "--out", out, "--coarse", "--clips", 3)
    ran = edgeser("explain", run_folder, *words)
    assert ran.code == 0, ran.err
    assert "synthetic voices" in ran.err
    found = json.loads((out / "explained.json").read_text("ascii"))
    assert len(found["clips"]) == found["finding"]["clips"] == 3
    pages = {f"{clip['page']}.html" for clip in found["clips"]}
    assert {path.name for path in (out / "clips").glob("*.html")} == pages
    text = (out / "corpus.html").read_text("utf-8")
    assert all(f'href="clips/{page}"' in text for page in pages)
    assert all(clip["truth"] and clip["speaker"] for clip in found["clips"])
    assert found["finding"]["deletion"]["interval_kind"].endswith("bootstrap")


def test_what_was_explained_before_ctrl_c_is_kept(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = explained_corpus.explain_clips

    def interrupted(*arguments: Any, **options: Any) -> Iterator[Any]:
        yield from itertools.islice(whole(*arguments, **options), 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(explained_corpus, "explain_clips", interrupted)
    corpus = f"synthetic:{run_folder / 'synthetic-voices'}"
    words = ("--out", str(tmp_path), "--coarse", "--no-checks", "--no-cues", "--clips", "3")
    with pytest.raises(click.Abort):
        command.main([str(run_folder), "--corpus", corpus, *words], standalone_mode=False)
    found = json.loads((tmp_path / "explained.json").read_text("ascii"))
    assert found["finding"]["clips"] == len(found["clips"]) == 2
    assert "it ended after 2 of 3 clips" in found["problems"]
    assert "it ended after 2 of 3 clips" in (tmp_path / "corpus.html").read_text("utf-8")


def test_what_cannot_be_explained_is_named_and_the_rest_is_done(
    edgeser: Edgeser, run_folder: Path, voice: Path, tmp_path: Path
) -> None:
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(16_000, np.int16), 16_000)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF no sound")
    hostile = tmp_path / "<img src=x>&\x1b[31m.wav"
    hostile.write_bytes(voice.read_bytes())
    out = tmp_path / "out"
    words = ("--coarse", "--no-checks", "--no-cues", "--out", out)
    ran = edgeser("explain", run_folder, silent, broken, hostile, *words)
    assert ran.code == 2
    assert "silent.wav" in ran.err
    assert "broken.wav" in ran.err
    assert "\x1b" not in ran.out + ran.err
    (page,) = out.glob("*.html")
    assert "<img" not in page.read_text("utf-8").replace("<image", "")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "FILES"),
        (("{wav}", "--clips", "3"), "--clips"),
        (("{wav}", "--coarse", "--patch", "2x5"), "--patch"),
        (("{wav}", "--patch", "0x5"), "0x5"),
        (("{wav}", "--patch", "2"), "CHANNELSxFRAMES"),
        (("{wav}", "--patch", "2x5", "--stride", "3x5"), "gaps"),
        (("{wav}", "--fill", "noise"), "noise"),
    ],
)
def test_wrong_usage_is_refused_by_name(
    edgeser: Edgeser, run_folder: Path, voice: Path, words: tuple[str, ...], named: str
) -> None:
    ran = edgeser("explain", run_folder, *(word.format(wav=voice) for word in words))
    assert ran.code == 2
    assert named in ran.err
    assert "Traceback" not in ran.err
