"""Pages and JSON of explanations: whole, harmless whatever things are called, true to figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeser.evaluation.bootstrap import BY_SPEAKER
from edgeser.explanation.agreement import Shuffled, Stability
from edgeser.explanation.config import COARSE, PUBLISHED
from edgeser.explanation.cues import CUES, StretchCues
from edgeser.explanation.explanation import Explanation, HeardCues, Told, Worth
from edgeser.explanation.faithfulness import SHARES, Curve, Faithfulness
from edgeser.explanation.finding import finding_of
from edgeser.explanation.gradients import IntegratedGradients
from edgeser.explanation.literature import Agreement, held_to_literature
from edgeser.explanation.occlusion import Saliency, patches_of, spread_over
from edgeser.explanation.salient import band_shares, plane_shares, salient_stretches
from edgeser.report.explanation.clip import page_names, render_clip, sentence, side_shares
from edgeser.report.explanation.corpus import render_corpus
from edgeser.report.explanation.sentences import corpus_headlines, corpus_sentences
from edgeser.report.schemas.explained import clip_json, explained_json, write_clip
from quantize.foundation.errors import CheckFailed
from tests.edgeser.report.hostile import EVIL, Page, controls

PLANES = ("amplitude", "if_re", "gd_mod")


def explanation(
    name: str = "clip.wav",
    answer: str = "anger",
    *,
    speaker: str = "s1",
    seed: int = 0,
    loudness: float = 1.0,
    label: str | None = None,
    everywhere: float = 1.0,
) -> Explanation:
    rng = np.random.default_rng(seed)
    features = rng.integers(-100, 100, (50, 8, 3)).astype(np.int8)
    patches = patches_of(features.shape, PUBLISHED)
    drops = rng.normal(0.0, 0.1, len(patches))
    drops[:20] += 1.0
    cells = spread_over(features.shape, patches, drops)
    stretches = salient_stretches(cells, hop_ms=20.0)
    scores = np.full(len(CUES), np.nan)
    scores[0], scores[2] = loudness, -0.4
    whole = np.full(len(CUES), np.nan)
    whole[0], whole[2] = everywhere, 0.5
    cues = tuple(
        StretchCues(s, np.where(np.isnan(scores), np.nan, 3.0), {"clip": scores, "speaker": scores})
        for s in stretches
    )
    of_map = np.linspace(0.9, 0.1, len(SHARES)) ** 2
    of_random = np.linspace(0.9, 0.1, len(SHARES))[None] + rng.normal(0, 0.01, (5, len(SHARES)))
    deletion = Curve(SHARES, of_map, of_random, 1)
    insertion = Curve(SHARES, 1 - of_map, 1 - of_random, -1)
    shares = {answer: 0.75, "neutral-like": 0.25}
    return Explanation(
        told=Told(name, answer if label is None else label, speaker),
        answer=answer,
        probabilities=shares,
        log_odds=1.1,
        unsure=False,
        windows=1,
        samples=(3000 * np.sin(np.arange(16_000) / 20)).astype(np.int16),
        sample_rate=16_000,
        features=features,
        planes=PLANES,
        band_hz=(125.0, 7500.0),
        hop_ms=20.0,
        occlusion=PUBLISHED,
        saliency=Saliency(patches, drops, cells, len(patches)),
        stretches=stretches,
        shares=plane_shares(cells, PLANES),
        hidden_planes=dict.fromkeys(PLANES, 0.5),
        bands=band_shares(cells),
        engine="the C of the firmware",
        seconds=1.5,
        faithfulness=Faithfulness(deletion, insertion),
        worth=Worth(
            IntegratedGradients(cells, 0.4, 2.0, 0.01, 32),
            COARSE,
            (Shuffled(1, 9, "dense", 0.5, 0.2), Shuffled(9, 9, "stem", None, 0.2)),
            (Stability("begun one hop later", 0.9, answer),),
        ),
        cues=HeardCues(cues, {"speaker": whole}, held_to_literature(answer, cues), "2.6.0"),
    )


def several() -> list[Explanation]:
    return [
        explanation(f"c{i}", "anger" if i % 2 else "fear", speaker=f"s{i % 5}", seed=i)
        for i in range(10)
    ]


def test_a_page_is_whole_and_says_what_was_found() -> None:
    found = explanation()
    html = render_clip(found)
    page = Page(html)
    assert page.elements["script"] == 0
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "https://" not in html
    assert page.elements["svg"] == 1 + len(PLANES) + 1 + 2  # wave, planes, cues, curves
    for text in (
        "Why anger?",
        "5 stretches",
        "Juslin and Laukka 2003",
        "research and other non-commercial use",
        "timing (instantaneous frequency)",
        "tract (group delay)",
        "9 of 9 layers shuffled",
    ):
        assert text in html, text
    assert sentence(found).startswith("clip.wav: anger (75 %)")
    assert "loudness as the literature expects" in sentence(found)
    assert "F0 the other way" in sentence(found)
    assert "1 stretches" not in sentence(replace(found, stretches=found.stretches[:1]))
    unsure = sentence(replace(found, unsure=True))
    assert unsure.startswith("clip.wav: unsure, likeliest anger (75 %)")


def test_what_is_missing_is_said() -> None:
    found = replace(explanation(), faithfulness=None, worth=None, cues=None, stretches=())
    html = render_clip(found)
    assert "pip install" in html
    assert "edgeser[explain]" in html
    assert "--no-checks" in html
    assert "nothing in it speaks for that" in sentence(found)
    amplitude = replace(
        found,
        planes=("amplitude",),
        features=found.features[:, :, :1],
        saliency=replace(found.saliency, cells=found.saliency.cells[:, :, :1]),
        shares={"amplitude": 1.0},
        hidden_planes={"amplitude": 1.0},
    )
    assert "hears the amplitude alone" in render_clip(amplitude)


def test_a_clip_held_to_itself_alone_says_so() -> None:
    found = explanation()
    assert "held to the rest of the clip" not in sentence(found)
    assert "Give --corpus" not in render_clip(found)
    assert found.cues is not None
    alone = tuple(replace(s, scores={"clip": s.scores["clip"]}) for s in found.cues.stretches)
    verdicts = held_to_literature(found.answer, alone)
    found = replace(found, cues=replace(found.cues, stretches=alone, verdicts=verdicts))
    assert "there, held to the rest of the clip, loudness as the literature" in sentence(found)
    assert "Give --corpus" in render_clip(found)


def test_what_is_odd_about_a_sound_is_on_its_page() -> None:
    found = explanation()
    assert "Of this sound" not in render_clip(found)
    found = replace(found, told=replace(found.told, remarks=("it is sampled at 8000 Hz",)))
    assert "Of this sound: it is sampled at 8000 Hz." in render_clip(found)
    assert clip_json(found)["remarks"] == ["it is sampled at 8000 Hz"]


def test_sides_sum_up_the_planes() -> None:
    shares = {"amplitude": 0.2, "amplitude_delta": 0.1, "if_re": 0.3, "if_im": 0.1, "gd_mod": 0.3}
    found = list(side_shares(shares).values())
    assert found == pytest.approx([0.3, 0.4, 0.3])


@EVIL
def test_a_name_forges_nothing(evil: str, tmp_path: Path) -> None:
    plain = Page(render_clip(explanation("name", "name", speaker="name")))
    html = render_clip(explanation(evil, evil, speaker=evil))
    html.encode("utf-8")
    found = Page(html)
    assert found.elements == plain.elements
    assert found.attributes == plain.attributes
    assert not controls(html)
    assert not controls(sentence(explanation(evil, evil)).replace("\n", "x"))
    (name,) = page_names([evil])
    assert Path(name).name == name
    assert name.isascii()
    assert len(name) <= 60
    write_clip(tmp_path, name, explanation(evil, evil))
    assert {p.name for p in tmp_path.iterdir()} == {f"{name}.html", f"{name}.json"}
    assert json.loads((tmp_path / f"{name}.json").read_text("ascii"))["answer"] == evil


@EVIL
def test_a_corpus_page_forges_nothing(evil: str) -> None:
    def render(name: str) -> Page:
        found = [explanation(name, name, speaker=name, seed=i) for i in range(3)]
        pages = page_names([item.told.name for item in found])
        return Page(render_corpus(name, finding_of(found, [name]), found, pages, [name]))

    plain, found = render("name"), render(evil)
    assert found.elements == plain.elements
    assert found.attributes == plain.attributes


def test_names_of_pages_are_safe_and_none_comes_twice() -> None:
    names = page_names(["a/x.wav", "b/x.wav", "X.flac", "corpus.wav", "explained.wav", "..", ""])
    assert len({name.lower() for name in names}) == len(names)
    assert not {"corpus", "explained"} & {name.lower() for name in names}
    assert names[:2] == ["x", "x-2"]


def test_json_has_everything_and_no_nan(tmp_path: Path) -> None:
    found = explanation()
    write_clip(tmp_path, "clip", found)
    read = json.loads((tmp_path / "clip.json").read_text("ascii"))
    assert read["schema"] == "edgeser.explain-clip/1"
    np.testing.assert_allclose(
        np.array(read["maps"]["occlusion"]["if_re"]), found.saliency.cells[:, :, 1], atol=1e-5
    )
    assert read["deletion"]["gain"]["interval"][0] > 0
    assert read["cues"]["stretches"][0]["values"]["jitter"] is None
    assert {v["agreement"] for v in read["cues"]["literature"]} <= {a.value for a in Agreement}
    assert read["worth"]["shuffled"][1]["correlation"] is None
    assert set(clip_json(found)) | {"schema", "maps"} == set(read)
    together = explained_json("ab", [found], ["clip"], ["x"])
    assert together["clips"][0]["page"] == "clip"
    assert together["finding"] is None
    json.dumps(together, allow_nan=False)
    broken = replace(found, log_odds=float("nan"))
    with pytest.raises(CheckFailed):
        write_clip(tmp_path, "broken", broken)
    assert not (tmp_path / "broken.html").exists()


def test_a_corpus_says_what_its_clips_say_with_intervals_over_speakers() -> None:
    found = [item.lean for item in several()]
    finding = finding_of(found, ["fear", "anger", "joy"])
    assert [emotion.answer for emotion in finding.emotions] == ["fear", "anger"]
    assert (finding.clips, finding.speakers, finding.checked) == (10, 5, 10)
    assert finding.deletion is not None
    gains = [i.faithfulness.deletion.gain for i in found if i.faithfulness]
    assert finding.deletion.value == pytest.approx(np.mean(gains))
    assert finding.deletion.interval is not None
    assert finding.deletion.interval[0] > 0
    assert finding.deletion.interval_kind == BY_SPEAKER
    assert finding.emotions[1].clips == 5
    assert finding.emotions[1].speakers == 5
    assert finding.right == 1.0
    assert finding.emotions[1].channels.sum() == pytest.approx(1.0)
    assert sum(s.value for s in finding.emotions[0].shares.values()) == pytest.approx(1.0)
    assert finding.shuffled["1 of 9 layers"].value == pytest.approx(0.5)
    assert "9 of 9 layers" not in finding.shuffled  # flat in every clip
    verdicts = {(v.answer, v.expectation.cue): v.agreement for v in finding.verdicts}
    assert verdicts["anger", "loudness"] is Agreement.AGREES
    assert verdicts["fear", "F0"] is Agreement.CONTRADICTS
    lines = " ".join(corpus_sentences(finding))
    assert "takes the answer sooner" in lines
    assert "what it calls anger is louder (+1.0) and lower (-0.4) than the speaker" in lines
    assert "F0 of fear is where the model listens, and not what the clips labelled so" in lines
    assert "anger: loudness" in lines
    assert "differ from the speaker's usual voice by loudness (2 of 2 answers)" in lines
    assert "Shown alone it brings the answer back sooner" in lines
    assert "It answers 100 % of the clips rightly: 100 % of those of" in lines
    assert finding.unvoiced is not None
    assert finding.unvoiced.value == 0.0
    assert "0 % of these stretches have no voice" in lines
    html = render_corpus("made", finding, found, [f"c{i}" for i in range(10)], ["x: broken"])
    assert Page(html).elements["a"] == 1 + 10
    assert '<td data-name="the literature">as expected: loudness' in html
    assert "<details open>" in html  # ten clips need not be folded up
    assert "x: broken" in html


def test_of_few_speakers_nothing_is_judged() -> None:
    found = [explanation(f"c{i}", speaker=f"s{i % 4}", seed=i) for i in range(8)]
    finding = finding_of(found, ["anger"])
    assert {v.agreement for v in finding.verdicts} == {Agreement.TOO_FEW}
    lines = " ".join(corpus_sentences(finding))
    assert "calls anger" not in lines
    assert "literature" not in lines
    html = render_corpus("made", finding, found, [f"c{i}" for i in range(8)], [])
    assert "4 speakers are too few to judge cues by" in html


def test_what_contradicts_the_literature_is_the_corpus_s_or_the_model_s() -> None:
    """Sad speech that is loud as a whole is the corpus; loud only where it listened, the model."""
    for everywhere, said in ((0.8, "the corpus's"), (0.0, "where the model listens")):
        found = [
            explanation(f"c{i}", "sadness", speaker=f"s{i}", seed=i, everywhere=everywhere)
            for i in range(6)
        ]
        lines = corpus_sentences(finding_of(found, ["sadness"]))
        (line,) = [line for line in lines if line.startswith("The loudness of sadness is")]
        assert said in line


def test_an_error_is_held_to_what_was_answered_rightly() -> None:
    right = [
        explanation(f"r{i}", "fear", speaker=f"s{i}", seed=i, everywhere=0.1 * i) for i in range(6)
    ]
    wrong = [
        explanation(f"w{i}", "anger", label="fear", speaker=f"s{i}", everywhere=1 + 0.1 * i)
        for i in range(6)
    ]
    finding = finding_of([*right, *wrong], ["anger", "fear"])
    (error,) = finding.errors
    assert (error.label, error.answer, error.clips, error.of) == ("fear", "anger", 6, 12)
    louder, _, higher, *others = error.cues
    assert louder is not None
    assert louder.value == pytest.approx(1.0)
    assert louder.interval == pytest.approx((1.0, 1.0))  # each speaker is as much louder
    assert higher is not None
    assert higher.value == pytest.approx(0.0)
    assert others == [None] * 3
    lines = corpus_sentences(finding)
    assert "Its most frequent errors: fear called anger (6 of 12 clips)." in lines
    (known,) = [line for line in lines if line.startswith("It answers 50 % of the clips")]
    assert "50 % of those of s0, the fewest" in known
    assert {e.answer: (e.right, e.known) for e in finding.emotions} == {
        "anger": (0.0, None),
        "fear": (1.0, 0.5),
    }
    assert [title for title, _ in corpus_headlines(finding)] == [
        "What it listens to",
        "Does it matter?",
        "Is it what the literature expects?",
        "Whom it fails",
    ]
    assert "The fear that it calls anger is louder (+1.0) than the fear that it knows." in lines
    assert finding_of(wrong[:4], ["anger"]).errors == ()
    assert [(s.speaker, s.clips, s.right) for s in finding.by_speaker] == [
        (f"s{i}", 2, 0.5) for i in range(6)
    ]
