"""A made-up report, to look at and to test the renderers on. No figure in it is a result.

``python tests/edgeser/report/example.py OUT.html`` writes it.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from example_costs import SOURCE, bench, board, device, edge_tpu  # noqa: F401  asked for by tests
from example_inputs import drift, features
from numpy.typing import NDArray

from edgeser.benchmark.target_parity import TargetParity
from edgeser.bundle import CorpusSummary, MemberSummary, PartSummary, VadSummary
from edgeser.corpora.levels import LevelSummary
from edgeser.decision import softmax
from edgeser.evaluation import (
    AblationTable,
    Bootstrap,
    ConditionTable,
    FeatureParity,
    GroupScore,
    OutputGrid,
    ParityReport,
    Predictions,
    Tolerances,
    age_group,
    as_predictions,
    compare,
    condition_row,
    judge,
    score_groups,
    score_speakers,
    summarise_variants,
)
from edgeser.evaluation.certainty import CertaintyRow, CertaintyTable, assess
from edgeser.evaluation.concordance import VadTruth, score_vad
from edgeser.evaluation.conformal import set_rules
from edgeser.evaluation.group_gaps import gaps_between
from edgeser.evaluation.group_verdict import GroupTolerances, GroupVerdict, judge_groups
from edgeser.evaluation.hearing import BOTH, SHUFFLED, VOICE, WORDS, HearingRow, HearingTable
from edgeser.evaluation.metrics import WithoutNothing, evaluate
from edgeser.evaluation.vad_parity import VadParity, compare_vad
from edgeser.report.contents import (
    Environment,
    Epoch,
    RecipeSummary,
    ReportContents,
    SplitSummary,
    TrainingHistory,
)
from edgeser.training.variants import EVALUATION_CONDITIONS
from quantize.layer_error import LayerError
from quantize.runtimes import Runtime, agreement_between
from quantize.tflite.remarks import Oddity

CLASSES = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
SPEAKERS = tuple(f"10{number:02d}" for number in (3, 8, 17, 24, 38, 52, 66, 81))
FEW = Bootstrap(resamples=400)
ORACLE = Runtime.TFLITE_MICRO
GRID = OutputGrid(scale=0.06, zero_point=-3)
STATEMENT = "A made-up example to look at: no figure here was measured on anything."


def predictions(seed: int, *, skill: float = 2.2, clips_per_speaker: int = 80) -> Predictions:
    """Draw logits that are right more often the larger `skill` is, speaker by speaker."""
    truth = np.random.default_rng(0)
    n = clips_per_speaker * len(SPEAKERS)
    labels = truth.integers(0, len(CLASSES), n)
    ease = np.repeat(truth.normal(1.0, 0.35, len(SPEAKERS)), clips_per_speaker)
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.2, (n, len(CLASSES)))
    logits[np.arange(n), labels] += skill * ease
    return Predictions(
        clip_ids=tuple(f"{SPEAKERS[i // clips_per_speaker]}_{i:04d}" for i in range(n)),
        labels=labels.astype(np.int64),
        speakers=tuple(SPEAKERS[i // clips_per_speaker] for i in range(n)),
        logits=logits.astype(np.float32),
        classes=CLASSES,
        votes=votes(labels),
    )


def votes(labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Draw ten listeners a clip, of whom seven or so agree with its label; none on every tenth."""
    rng = np.random.default_rng(11)
    chances = np.full((len(labels), len(CLASSES)), 0.06)
    chances[np.arange(len(labels)), labels] = 0.7
    shares = rng.multinomial(10, chances).astype(np.float32) / 10.0
    shares[::10] = 0.0
    return shares


def int8_output(of_float: Predictions, *, noise: float = 0.7) -> NDArray[np.int8]:
    """Quantise logits on the grid, with an error of `noise` steps."""
    rng = np.random.default_rng(5)
    steps = GRID.quantise(of_float.logits) + rng.normal(0, noise, of_float.logits.shape)
    return np.clip(np.rint(steps), -128, 127).astype(np.int8)


def parity(*, noise: float = 0.7) -> ParityReport:
    of_float = predictions(1)
    output = int8_output(of_float, noise=noise)
    rng = np.random.default_rng(9)
    other = np.clip(output + (rng.random(output.shape) < 0.2), -128, 127).astype(np.int8)
    return compare(
        of_float,
        output,
        GRID,
        source=SOURCE,
        runtimes=(
            agreement_between(output, other, runtime=Runtime.LITERT_XNNPACK, oracle=ORACLE),
            agreement_between(output, output, runtime=Runtime.LITERT_REFERENCE, oracle=ORACLE),
        ),
        features=(
            FeatureParity("amplitude against the MicroFrontend C++ code", 9_812_480, 0, True),
            FeatureParity(
                "amplitude against librosa's float log-mel",
                1_204_000,
                0,
                None,
                "correlation 0.9312 over all values; worst channel 0 with 0.7420",
            ),
        ),
        layers=layers(),
        bootstrap=FEW,
    )


def layers() -> tuple[LayerError, ...]:
    rng = np.random.default_rng(2)
    names = ["stem/conv"]
    for block in range(6):
        names += [f"block{block}/depthwise", f"block{block}/pointwise", f"block{block}/gate"]
    names += ["attention/scores", "pooling/weighted_mean", "classifier/dense"]
    found = [
        LayerError(index, name, "CONV_2D", float(rng.normal(31, 4)), 0.999, 0.1)
        for index, name in enumerate(names)
    ]
    return (*found, LayerError(len(found), "pooling/reshape", "RESHAPE", None, None, 0.0))


def groups(report: ParityReport) -> tuple[GroupScore, ...]:
    del report
    of_float = predictions(1)
    of_int8 = as_predictions(of_float, int8_output(of_float), GRID)
    sexes = {s: "female" if i % 2 else "male" for i, s in enumerate(SPEAKERS)}
    ages = {s: age_group(20 + 6 * i) for i, s in enumerate(SPEAKERS)}
    return (
        *score_speakers(of_float, of_int8, source=SOURCE, bootstrap=FEW),
        *score_groups("sex", sexes, of_float, of_int8, source=SOURCE, bootstrap=FEW),
        *score_groups("age group", ages, of_float, of_int8, source=SOURCE, bootstrap=FEW),
    )


def groups_verdict() -> GroupVerdict:
    """Return gaps by sex, for which eight speakers are too few, and by the language of clips."""
    of_float = predictions(1)
    of_int8 = as_predictions(of_float, int8_output(of_float), GRID)
    sexes = {s: "female" if i % 2 else "male" for i, s in enumerate(SPEAKERS)}
    of_clips = {
        "sex": [sexes[s] for s in of_float.speakers],
        "language": ["en" if i // 7 % 2 else "de" for i in range(len(of_float))],
        "ethnicity": ["one" if s in SPEAKERS[:5] else "other" for s in of_float.speakers],
    }
    found = (
        gaps_between(kind, names, of_float, of_int8, source=SOURCE, bootstrap=FEW)
        for kind, names in of_clips.items()
    )
    gaps = tuple(gap for gap in found if gap is not None)
    return judge_groups(gaps, GroupTolerances(max_tpr_gap=0.9, max_dp_gap=0.9))


def hearing() -> HearingTable:
    """Return scores by what is heard, of a network that was never trained to hear one alone."""
    rows = []
    for name, skill in ((BOTH, 2.2), (VOICE, 1.6), (WORDS, 0.7), (SHUFFLED, 1.1)):
        scores = evaluate(predictions(5, skill=skill), source=SOURCE, bootstrap=FEW)
        rest = WithoutNothing(scores.uar, scores.macro_f1, scores.clips - 6)
        rows.append(HearingRow(name, scores.uar, scores.macro_f1, rest))
    return HearingTable(tuple(rows), note="[words] dropout = 0")


def conditions() -> ConditionTable:
    skills = (
        2.2,
        2.1,
        2.15,
        2.2,
        2.0,
        2.0,
        1.8,
        2.1,
        2.05,
        1.75,
        1.5,
        2.0,
        1.7,
        1.4,
        2.1,
        2.05,
        2.0,
    )
    rows = []
    for condition, skill in zip(EVALUATION_CONDITIONS, skills, strict=True):
        of_float = predictions(1, skill=skill)
        of_int8 = as_predictions(of_float, int8_output(of_float), GRID)
        row = condition_row(
            condition.name,
            of_float,
            of_int8,
            source=SOURCE,
            description=condition.description,
            bootstrap=FEW,
        )
        rows.append(row)
    return ConditionTable(tuple(rows))


def certainty() -> CertaintyTable:
    rows = []
    for kind, name, words, seed, skill in (
        ("condition", "clean", "as recorded", 1, 2.2),
        ("condition", "white_10db", "white noise at 10 dB SNR", 1, 1.7),
        ("corpus never heard", "another corpus", "", 2, 1.2),
    ):
        of_float = predictions(seed, skill=skill)
        of_int8 = as_predictions(of_float, int8_output(of_float), GRID)
        scored = []
        for said in (of_float, of_int8):
            shares = softmax(said.logits, 1.1)
            rules = set_rules(shares[::2], said.labels[::2])
            scored.append(
                assess(said, shares, source=SOURCE, unsure_below=0.5, rules=rules, bootstrap=FEW)
            )
        rows.append(CertaintyRow(kind, name, *scored, description=words))
    return CertaintyTable(
        rows=tuple(rows),
        calibrated=True,
        temperatures=(1.1, 1.1),
        threshold=0.5,
        wanted="risk 0.2",
        development_risk=0.19,
        development_coverage=0.72,
        source="507 clips of 6 development speakers as recorded",
    )


def vad(derived_from: str) -> VadParity:
    """A second output, of which nine of ten clips have values, half of these derived."""
    rng = np.random.default_rng(12)
    speakers = predictions(1).speakers
    wanted = rng.uniform(-0.8, 0.8, (len(speakers), 3)).astype(np.float32)
    of_float = (wanted + rng.normal(0, 0.4, wanted.shape)).astype(np.float32)
    grid = OutputGrid(scale=0.012, zero_point=4)
    steps = grid.quantise(of_float) + rng.integers(-1, 2, wanted.shape)
    of_int8 = np.clip(steps, -128, 127).astype(np.int8)
    wanted[::10] = np.nan
    truth = VadTruth(wanted, np.arange(len(speakers)) % 2 == 1, derived_from, speakers)
    other = np.clip(of_int8.astype(int) + (rng.random(wanted.shape) < 0.01), -128, 127)
    agreement = agreement_between(
        of_int8, other.astype(np.int8), runtime=Runtime.LITERT_XNNPACK, oracle=ORACLE
    )
    scores = score_vad(of_float, grid.dequantise(of_int8), truth, source=SOURCE, bootstrap=FEW)
    return compare_vad(of_float, of_int8, grid, runtimes=(agreement,), scores=scores)


def ablation() -> AblationTable:
    skills = {"amplitude": 2.15, "phase": 1.1, "both": 2.2}
    tested = {
        name: {seed: predictions(seed + 20, skill=skill) for seed in range(3)}
        for name, skill in skills.items()
    }
    return summarise_variants(tested, source=SOURCE, bootstrap=FEW)


def training() -> TrainingHistory:
    rng = np.random.default_rng(8)
    epochs = []
    for number in range(1, 41):
        share = number / 40
        uar = 0.17 + 0.46 * (1 - np.exp(-4 * share)) + rng.normal(0, 0.012)
        loss = 0.75 + 1.05 * np.exp(-3 * share) + rng.normal(0, 0.01)
        rate = 4e-3 * (share / 0.25 if share < 0.25 else 0.5 * (1 + np.cos(np.pi * share)))
        epochs.append(Epoch(number, float(loss), float(uar), float(rate)))
    best = max(epochs, key=lambda epoch: epoch.development_uar)
    return TrainingHistory(tuple(epochs), best.number, 127_431, 734.0)


def members() -> tuple[MemberSummary, ...]:
    parts = tuple(
        PartSummary(name, clips, 4)
        for name, clips in (("train", 1470), ("development", 253), ("test", 320))
    )
    levels = (
        LevelSummary(150, (-42.0, -33.0, -20.0), (-49.0, -47.0, -46.0), (6.0, 15.0, 27.0)),
        LevelSummary(150, (-56.0, -41.0, -25.0), (-120.0, -99.0, -82.0)),
    )
    return tuple(
        MemberSummary(name, "both", 1.0, CLASSES, parts, "folds dealt by the seed", found)
        for name, found in zip(("first", "second"), levels, strict=True)
    )


def contents() -> ReportContents:
    """Return a whole made-up report."""
    report = parity()
    return ReportContents(
        title="made-up example: speech emotion",
        created="2000-01-01T00:00:00+00:00",
        synthetic=False,
        statement=STATEMENT,
        recipe=RecipeSummary(
            name="example",
            text='name = "example"\nseed = 7\n\n[network]\nwidth = 32\nphase = true\n',
            seed=7,
            hashes=(("recipe", "3f" * 32), ("frontend", "a1" * 32), ("int8 model", "0c" * 32)),
        ),
        environment=Environment(
            facts=(("processor", "an example processor"), ("cores", "2")),
            versions=(("numpy", "2.4.6"), ("torch", "2.13.0")),
        ),
        corpus=CorpusSummary(
            name="made-up corpus",
            licence="none",
            citation="",
            synthetic=False,
            clips_train=2940,
            clips_development=507,
            clips_test=640,
            class_counts=tuple((name, 681 - i) for i, name in enumerate(CLASSES)),
            problems=("1076_MTI_SAD_XX.flac: empty: 0 samples",),
            input_hash="5e" * 32,
            members=members(),
            level_span="clips are from -56 to -19 dBFS; training changes their level by "
            "-20 to +20 dB, which covers that",
        ),
        splits=(
            SplitSummary("train", 2940, 36),
            SplitSummary("development", 507, 6),
            SplitSummary("test", 640, 8),
        ),
        features=features(),
        training=training(),
        float_metrics=report.float_metrics,
        int8_metrics=report.int8_metrics,
        groups=groups(report),
        groups_verdict=groups_verdict(),
        drift=drift(),
        layers=report.layers,
        parity=report,
        verdict=judge(report, Tolerances()),
        bench=bench(),
        device=device(layers()),
        conditions=conditions(),
        certainty=certainty(),
        ablation=ablation(),
        hearing=hearing(),
        problems=("conditions: 1 clip was shorter than the room's response and was padded",),
    )


def synthetic_failing() -> ReportContents:
    """Return a report on synthetic voices that fails parity and a budget."""
    report = replace(parity(noise=9.0), vad=vad("made-up coordinates"))
    slow = bench()
    checks = (slow.budgets[0], replace(slow.budgets[1], limit=2.0, passed=False))
    differing = TargetParity(
        100, SOURCE, 4_512_000, 3, 600, 12, "clip 1003_0007, frame 12, channel 3"
    )
    whole = contents()
    assert whole.certainty is not None and whole.corpus is not None
    assert whole.training is not None
    epochs = tuple(replace(e, development_ccc=0.01 * e.number) for e in whole.training.epochs)
    known = VadSummary((2646, 456, 576), (1323, 228, 320), "made-up coordinates")
    sure = replace(
        whole.certainty,
        threshold=0.9,
        note="risk 0.01 cannot be had on the development clips: the lowest is 0.043, where 31 of "
        "507 clips are answered (coverage 0.06)",
    )
    return replace(
        whole,
        corpus=replace(whole.corpus, vad=known),
        training=replace(whole.training, epochs=epochs),
        certainty=sure,
        synthetic=True,
        statement="Made-up figures in the form of a run on synthetic voices.",
        parity=report,
        int8_metrics=report.int8_metrics,
        verdict=judge(report, Tolerances()),
        groups_verdict=judge_groups(
            groups_verdict().gaps, GroupTolerances(max_tpr_gap=0.001, max_dp_gap=0.9)
        ),
        bench=replace(
            slow,
            budgets=checks,
            timed="subgraph 0 of 2 (signature 'classify')",
            oddities=(Oddity("tensor 7 'bias'", "its scale is not that of input and weights"),),
        ),
        device=replace(device(layers()), parity=differing),
    )


if __name__ == "__main__":
    from edgeser.report.html import render_html

    made = synthetic_failing() if "--failing" in sys.argv else contents()
    Path(sys.argv[1]).write_text(render_html(made), encoding="utf-8")
