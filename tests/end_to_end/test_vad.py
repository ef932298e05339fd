"""Two outputs by the real command: recordings in; valence, arousal and dominance out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeser.bundle import load_bundle
from edgeser.corpora import COORDINATES, write_synthetic_corpus
from firmware_bridge.boards import MPS2_AN500
from quantize.runtimes import Runtime, random_samples, run_outputs
from quantize.tflite import read_model
from tests.firmware_bridge.conftest import needs_tools

Edgeser = Callable[..., Any]
DIMENSIONS = ("valence", "arousal", "dominance")
HEADS = ("--set", 'network.heads=["emotion", "vad"]', "--set", "network.style_width=8")
CODES = {"anger": "ANG", "disgust": "DIS", "fear": "FEA", "happiness": "HAP", "neutral": "NEU",
         "sadness": "SAD"}  # fmt: skip
LETTERS = {"A": "anger", "D": "disgust", "F": "fear", "H": "happiness", "N": "neutral",
           "S": "sadness"}  # fmt: skip


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic voices, rated on a scale of 1 to 5 in a manifest; some of them are not rated."""
    root = tmp_path_factory.mktemp("voices") / "rated"
    corpus = write_synthetic_corpus(root, seed=1, speakers=6, utterances=2)
    lines = ["path,emotion,speaker,sex,valence,arousal,dominance,vad_scale"]
    for number, u in enumerate(corpus.utterances):
        places = [f"{3 + 2 * value:.3f}" for value in COORDINATES[u.emotion].values]
        rated = ",".join(places) if number % 7 else ",,"
        lines.append(f"{u.path.relative_to(root)},{u.emotion},{u.speaker},{u.sex},{rated},1 to 5")
    (root / "rated.csv").write_text("\n".join(lines))
    return root


@pytest.fixture(scope="module")
def crowd(voices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same voices in CREMA-D's layout, with votes and no ratings."""
    root = tmp_path_factory.mktemp("crowd") / "cremad"
    (root / "AudioWAV").mkdir(parents=True)
    votes = ['"","A","D","F","H","N","S","fileName","numResponses"']
    for number, path in enumerate(sorted((voices / "audio").glob("*.wav"))):
        speaker, emotion, take = path.stem.split("_")
        name = f"10{speaker[1:]}_{('DFA', 'IEO')[int(take) - 1]}_{CODES[emotion]}_XX"
        shutil.copy(path, root / "AudioWAV" / f"{name}.wav")
        shares = [8 if LETTERS[letter] == emotion else int(letter == "N") for letter in LETTERS]
        counts = ",".join(map(str, shares))
        votes.append(f'"{100001 + number}",{counts},"{name}",{sum(shares)}')
    (root / "tabulatedVotes.csv").write_text("\n".join(votes) + "\n")
    return root


@pytest.fixture(scope="module")
def rated(
    edgeser: Edgeser, tiny_recipe: Path, voices: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("rated") / "run"
    corpus = f"voices=generic:{voices / 'rated.csv'}"
    for command in (
        ("train", tiny_recipe, "--corpus", corpus, "--out", folder, *HEADS),
        ("export", folder),
        ("parity", folder, "--max-uar-drop", "0.5", "--max-flips", "0.5", "--max-ccc-drop", "0.5"),
        ("report", folder),
    ):
        ran = edgeser(*command)
        assert ran.code == 0, (command, ran.err)
    return folder


@pytest.fixture(scope="module")
def derived(
    edgeser: Edgeser, tiny_recipe: Path, crowd: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("derived") / "run"
    corpus = ("--corpus", f"cremad:{crowd}", "--set", "vad.derive=votes")
    ran = edgeser("train", tiny_recipe, *corpus, "--out", folder, *HEADS)
    assert ran.code == 0, ran.err
    ran = edgeser("export", folder)
    assert ran.code == 0, ran.err
    return folder


def test_the_model_has_two_named_outputs_each_with_its_scale(rated: Path) -> None:
    bundle = load_bundle(rated / "bundle.zip")
    outputs = read_model(bundle.int8_model).main.output_tensors
    assert [(t.name, t.shape) for t in outputs] == [("emotion", (1, 6)), ("vad", (1, 3))]
    scales = [t.quantisation.scale for t in outputs if t.quantisation]
    assert len(set(scales)) == 2
    assert bundle.trained.corpus.vad is not None
    assert bundle.trained.corpus.vad.called == "rated"
    assert sum(bundle.trained.corpus.vad.clips) == 72 - len(range(0, 72, 7))


def test_the_report_has_concordance_with_intervals_float_and_int8(rated: Path) -> None:
    report = json.loads((rated / "parity.json").read_text())
    found = report["float_against_int8"]
    scores = found["vad"]["scores"]
    assert (scores["targets"], scores["derived_clips"]) == ("rated", 0)
    for dimension in DIMENSIONS:
        for model in ("float", "int8", "drop"):
            figure = scores["ccc"][dimension][model]
            assert figure["unit"] == "CCC"
            assert "speaker-clustered bootstrap" in figure["interval_kind"]
    assert found["vad"]["output_scale"] != found["output_scale"]
    assert {check["name"] for check in report["checks"]} >= {
        f"int8 {dimension} against float" for dimension in DIMENSIONS
    }
    html = (rated / "report.html").read_text()
    assert "Valence, arousal, dominance" in html
    assert "derived from votes" not in html


def test_a_drop_of_concordance_fails_parity(edgeser: Edgeser, rated: Path) -> None:
    ran = edgeser("parity", rated, "--max-uar-drop", "1", "--max-flips", "1", "--max-ccc-drop", "0")
    report = json.loads((rated / "parity.json").read_text())
    drops = [
        report["float_against_int8"]["vad"]["scores"]["ccc"][d]["drop"]["value"] for d in DIMENSIONS
    ]
    assert ran.code == int(max(drops) > 0.0), ran.err
    assert ("of concordance below float" in ran.err) == (max(drops) > 0.0)


def test_evaluate_and_predict_say_all_three(edgeser: Edgeser, rated: Path, voices: Path) -> None:
    ran = edgeser("evaluate", rated, "--json")
    assert set(json.loads(ran.out)["vad"]["ccc"]) == set(DIMENSIONS)
    clip = next(iter(sorted((voices / "audio").iterdir())))
    for how in ((), ("--float",)):
        ran = edgeser("predict", rated, clip, "--json", *how)
        found = json.loads(ran.out)
        assert found["vad"] == {"learnt": "rated", "derived_from": ""}
        assert set(found["clips"][0]["vad"]) == set(DIMENSIONS)
        assert all(-2 < value < 2 for value in found["clips"][0]["vad"].values())
    ran = edgeser("predict", rated, clip)
    assert all(f"  {dimension} " in ran.out for dimension in DIMENSIONS)
    assert "derived" not in ran.out


def test_what_the_first_output_decides_goes_with_the_second(
    edgeser: Edgeser, rated: Path, voices: Path
) -> None:
    """Temperature, unsure and calibration are of the emotions; the three values stand beside."""
    clips = sorted((voices / "audio").iterdir())[:6]
    bundle = load_bundle(rated / "bundle.zip")
    assert bundle.rule.calibrated
    ran = edgeser("predict", rated, *clips, "--coverage", "0.3", "--json")
    found = json.loads(ran.out)["clips"]
    assert any(clip["unsure"] for clip in found)
    assert all(set(clip["vad"]) == set(DIMENSIONS) for clip in found)
    ran = edgeser("predict", rated, *clips, "--coverage", "0.3")
    assert "unsure (" in ran.out
    assert ran.out.count("  valence ") == len(clips)
    ran = edgeser("predict", rated, clips[0], "--stream", "--coverage", "0.3")
    assert "  valence " in ran.out.splitlines()[0]
    evaluated = json.loads(edgeser("evaluate", rated, "--json").out)
    assert evaluated["certainty"]["calibrated"]
    assert evaluated["certainty"]["rows"][0]["int8"]["clips"] == evaluated["int8"]["clips"]


def test_a_committee_gives_the_mean_of_its_members(
    edgeser: Edgeser, rated: Path, derived: Path, voices: Path
) -> None:
    clip = sorted((voices / "audio").iterdir())[0]

    def said(*arguments: object) -> dict[str, Any]:
        ran = edgeser("predict", *arguments, "--json")
        assert ran.code == 0, ran.err
        found: dict[str, Any] = json.loads(ran.out)
        return found

    together = said(rated, clip, "--committee", derived)
    assert together["vad"]["learnt"] == "rated; derived"
    for name, value in together["clips"][0]["vad"].items():
        each = [said(member, clip)["clips"][0]["vad"][name] for member in (rated, derived)]
        assert value == pytest.approx(sum(each) / 2)


def test_votes_are_scored_on_the_first_output(edgeser: Edgeser, derived: Path) -> None:
    found = json.loads(edgeser("evaluate", derived, "--json").out)
    assert found["int8"]["distributions"]["clips"] == found["int8"]["clips"]
    assert found["vad"]["targets"] == "derived"


def test_a_stream_says_what_the_devices_sums_stand_for(
    edgeser: Edgeser, rated: Path, voices: Path
) -> None:
    clip = next(iter(sorted((voices / "audio").iterdir())))
    ran = edgeser("predict", rated, clip, "--stream", "--json")
    decisions = json.loads(ran.out)["clips"][0]["decisions"]
    assert decisions
    assert all(set(decision["vad"]) == set(DIMENSIONS) for decision in decisions)
    bundle = load_bundle(rated / "bundle.zip")
    scale = read_model(bundle.int8_model).main.output_tensors[1].quantisation
    assert scale is not None
    steps = decisions[0]["vad"]["valence"] / scale.scale
    assert steps == pytest.approx(round(steps), abs=1e-3), "the first sum is of one window"


def test_all_of_it_maps_to_the_edge_tpu(edgeser: Edgeser, rated: Path) -> None:
    ran = edgeser("lint", rated / "bundle.zip")
    assert ran.code == 0, ran.out + ran.err
    assert "operators map to the Edge TPU" in ran.out


def test_the_emulated_device_is_exact_in_both_outputs(edgeser: Edgeser, rated: Path) -> None:
    needs_tools(MPS2_AN500, "qemu-system-arm")
    ran = edgeser("parity", rated, "--device", "emulator", "--clips", "3", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    features, outputs, _ = found["comparisons"]
    assert outputs["differing"]["value"] == features["differing"]["value"] == 0
    assert outputs["compared"] % 9 == 0
    assert outputs["compared"] > 0


def test_the_bare_model_is_exact_on_the_device_too(edgeser: Edgeser, rated: Path) -> None:
    needs_tools(MPS2_AN500, "qemu-system-arm")
    ran = edgeser("bench", rated / "model_int8.tflite", "--device", "emulator", "--json")
    assert ran.code == 0, ran.err
    (outputs,) = json.loads(ran.out)["results"][0]["parity"]["comparisons"]
    assert (outputs["compared"], outputs["differing"]["value"]) == (5 * 9, 0)
    assert edgeser("bench", rated / "model_int8.tflite", "--runs", "200").code == 0


def test_both_outputs_agree_across_runtimes(rated: Path) -> None:
    model = (rated / "model_int8.tflite").read_bytes()
    inputs = random_samples(read_model(model).main.input_tensors[0], 4)
    micro = run_outputs(model, inputs, runtime=Runtime.TFLITE_MICRO)
    reference = run_outputs(model, inputs, runtime=Runtime.LITERT_REFERENCE)
    for ours, theirs in zip(micro, reference, strict=True):
        assert abs(ours.astype(int) - theirs.astype(int)).max() <= 1


def test_what_is_derived_is_called_so_wherever_it_is_shown(
    edgeser: Edgeser, derived: Path, crowd: Path
) -> None:
    clip = next(iter(sorted((crowd / "AudioWAV").iterdir())))
    limits = ("--max-uar-drop", "1", "--max-flips", "1", "--max-ccc-drop", "1")
    source = "Russell and Mehrabian 1977"
    for command in (
        ("parity", derived, *limits),
        ("evaluate", derived),
        ("predict", derived, clip),
        ("predict", derived, clip, "--stream"),
        ("report", derived),
    ):
        ran = edgeser(*command)
        assert ran.code == 0, (command, ran.err)
        said = " ".join((ran.out + ran.err).split())
        if command[0] != "report":
            assert "derived)" in said or "derived from votes" in said, (command, said)
    parity = json.loads((derived / "parity.json").read_text())["float_against_int8"]["vad"][
        "scores"
    ]
    assert (parity["targets"], parity["derived_clips"]) == ("derived", parity["clips"])
    assert source in parity["derived_from"]
    for name in ("report.html", "report.md"):
        if (derived / name).is_file():
            text = (derived / name).read_text()
            assert "valence (derived)" in text.replace("\\", "")
            assert source in text
    ran = edgeser("predict", derived, clip, "--json")
    assert json.loads(ran.out)["vad"]["learnt"] == "derived"
    assert source in json.loads(ran.out)["vad"]["derived_from"]
    bundle = load_bundle(derived / "bundle.zip")
    assert bundle.trained.corpus.vad is not None
    assert bundle.trained.corpus.vad.derived == bundle.trained.corpus.vad.clips


def test_votes_alone_teach_nothing_unless_asked(
    edgeser: Edgeser, tiny_recipe: Path, crowd: Path, tmp_path: Path
) -> None:
    ran = edgeser(
        "train", tiny_recipe, "--corpus", f"cremad:{crowd}", "--out", tmp_path / "run", *HEADS
    )
    assert ran.code == 2
    assert "[vad] derive = 'votes'" in ran.err
    assert ran.err.count("\n") <= 8


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ('network.heads=["vad"]', "heads = [vad] is unknown"),
        ('network.heads=["emotion", "mood"]', "'heads' is 'mood'"),
        ("vad.derive=labels", "'derive' is 'labels'"),
        ("vad.weight=-1", "weight = -1 cannot be used"),
        ('vad.coordinates={calm=[0.1, 0.2]}', "a list of 3 values"),
        ('vad.coordinates={calm=[0.1, 0.2, 0.3]}', "have no source"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used_are_one_line(
    edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path, setting: str, reason: str
) -> None:
    ran = edgeser("train", tiny_recipe, "--out", tmp_path / "run", "--set", setting)
    assert ran.code == 2
    assert reason in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
