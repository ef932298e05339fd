"""Models that ship, used without a corpus; and made again, to the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeser.bundle import load_bundle
from edgeser.corpora.synthesis.synthetic import write_synthetic_corpus
from edgeser.pipeline import ship
from edgeser.pretrained import PRETRAINED, Shipped, pretrained_path
from quantize.foundation.errors import BadInput

Edgeser = Callable[..., Any]


@pytest.fixture(autouse=True)
def nothing_is_written_beside_them() -> Any:
    folder = pretrained_path("pretrained")
    assert folder
    before = {path.name: path.stat().st_mtime_ns for path in folder.parent.glob("*.zip")}
    yield
    assert {p.name: p.stat().st_mtime_ns for p in folder.parent.glob("*.zip")} == before
    left = {path.name for path in folder.parent.iterdir()} - set(before)
    assert left <= {"__init__.py", "__pycache__"}


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_recording_is_labelled(edgeser: Edgeser, road: Any, name: str) -> None:
    voice = min((road.folder / "synthetic-voices" / "audio").iterdir())
    ran = edgeser("predict", name, voice, "--json")
    assert ran.code == 0, ran.err
    (clip,) = json.loads(ran.out)["clips"]
    assert clip["label"] in clip["probabilities"]
    assert sum(clip["probabilities"].values()) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_device_computes_what_the_host_does(edgeser: Edgeser, cremad: Path, name: str) -> None:
    words = ("--corpus", f"cremad:{cremad}", "--device", "emulator", "--clips", 3)
    ran = edgeser("parity", name, *words, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["passed"]


def test_bench_needs_no_corpus(edgeser: Edgeser) -> None:
    ran = edgeser("bench", "pretrained-small", "--device", "emulator", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    bundle = load_bundle(Path(str(pretrained_path("pretrained-small"))))
    assert (
        found["results"][0]["figures"]["inference_instructions"]["value"]
        == bundle.metrics["instructions"].value
    )


@pytest.mark.parametrize("target", ["firmware", "edgetpu"])
def test_export_needs_no_corpus(edgeser: Edgeser, tmp_path: Path, target: str) -> None:
    out = tmp_path / "out"
    words = ("--no-compile",) if target == "edgetpu" else ()
    ran = edgeser("export", "pretrained", "--target", target, "--out", out, *words)
    assert ran.code == 0, ran.err
    assert any(out.iterdir())
    assert str(pretrained_path("pretrained")) not in ran.out  # a name is what a user gave
    assert target == "edgetpu" or "edgeser bench pretrained --device" in " ".join(ran.out.split())


def test_export_to_int8_says_that_it_is(edgeser: Edgeser) -> None:
    ran = edgeser("export", "pretrained", "--target", "int8")
    assert ran.code == 2
    assert "int8 already" in ran.err


def test_two_makings_have_the_same_bytes(
    road: Any, tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ship, "PRETRAINED", {"pretrained": Shipped(str(tiny_recipe))})
    write_synthetic_corpus(tmp_path / "voices", speakers=3, utterances=1)
    other = f"other=synthetic:{tmp_path / 'voices'}"
    made = [
        ship.make_pretrained(
            "pretrained", tmp_path / folder, corpora=[road.corpus], unheard=[other]
        )
        for folder in ("one", "two")
    ]
    assert made[0].read_bytes() == made[1].read_bytes()
    bundle = load_bundle(made[0])
    assert bundle.trained.seconds == 0.0
    assert {"instructions", "int8.uar, never heard: other"} <= set(bundle.metrics)
    assert not ship.is_what_ships("pretrained", made[0])


def test_what_was_taught_asks_for_its_teacher(
    tiny_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught = Shipped(str(tiny_recipe), ("teacher.kind=whisper", f"teacher.sha256={'ab' * 32}"))
    monkeypatch.setattr(ship, "PRETRAINED", {"pretrained": taught})
    with pytest.raises(BadInput, match="its weights have the SHA-256 abab"):
        ship.make_pretrained("pretrained", tmp_path / "out", corpora=[])
    other = tmp_path / "other.bin"
    other.write_bytes(b"other weights")
    with pytest.raises(BadInput, match="is not the teacher of the recipe"):
        ship.make_pretrained("pretrained", tmp_path / "out", corpora=[], teacher=other)
    monkeypatch.setattr(ship, "PRETRAINED", {"pretrained": Shipped(str(tiny_recipe))})
    with pytest.raises(BadInput, match="had no public teacher"):
        ship.make_pretrained("pretrained", tmp_path / "out", corpora=[], teacher=other)
    assert not (tmp_path / "out").exists()
