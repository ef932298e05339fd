"""A corpus with listeners' votes, from training to `evaluate` and the report: float and int8."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgeser.corpora import write_synthetic_corpus
from edgeser.decision.temperature import softmax
from edgeser.evaluation.distributions import DistributionScores
from edgeser.pipeline.evaluate import Evaluation, evaluate_bundle
from edgeser.pipeline.exports.bundle import export
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.inference import float_logits
from edgeser.pipeline.parity.float_int8 import check_parity, windows_of_test_speakers
from edgeser.pipeline.plan import plan_run
from edgeser.pipeline.report import contents_of
from edgeser.pipeline.source import resolve_recipe
from edgeser.pipeline.train import train
from edgeser.progress import SILENT
from edgeser.report.schemas.evaluate import evaluate_json

TINY = Path(__file__).parents[2] / "tiny_recipe.toml"
LETTERS = {"anger": "ANG", "disgust": "DIS", "fear": "FEA", "happiness": "HAP", "neutral": "NEU",
           "sadness": "SAD"}  # fmt: skip
COLUMNS = ("A", "D", "F", "H", "N", "S")


def write_voted(root: Path, voices: Path) -> None:
    """Write synthetic voices in CREMA-D's layout; six of ten listeners agree with each."""
    corpus = write_synthetic_corpus(voices, speakers=5, utterances=1)
    (root / "AudioWAV").mkdir(parents=True)
    header = ",".join(f'"{name}"' for name in ("", *COLUMNS, "fileName", "numResponses"))
    lines = [header]
    for number, clip in enumerate(corpus.utterances):
        actor = 1001 + corpus.speakers.index(clip.speaker)
        name = f"{actor}_DFA_{LETTERS[clip.emotion]}_XX"
        shutil.copyfile(clip.path, root / "AudioWAV" / f"{name}.wav")
        own = list(LETTERS).index(clip.emotion)
        counts = [6 if i == own else 2 if i in ((own + 1) % 6, (own + 2) % 6) else 0
                  for i in range(6)]  # fmt: skip
        row = ",".join(map(str, counts))
        lines.append(f'"1{number:05d}",{row},"{name}",10')
    (root / "tabulatedVotes.csv").write_text("\n".join(lines) + "\n")
    parts = {"train": [1001, 1002, 1003], "dev": [1004], "test": [1005]}
    (root / "speaker_splits.json").write_text(json.dumps(parts))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    root = tmp_path_factory.mktemp("voted")
    write_voted(root / "c", root / "v")
    text = TINY.read_text("utf-8").replace(
        "[[corpora]]\nfolds = 3\ndevelopment_share = 0.4\nsynthetic_speakers = 5\n"
        "synthetic_utterances = 1\n",
        '[[corpora]]\nname = "cremad"\n',
    )
    (root / "recipe.toml").write_text(text)
    recipe = resolve_recipe(
        str(root / "recipe.toml"),
        corpora=[f"cremad:{root / 'c'}"],
        settings=[
            "training.epochs=6", 'training.labels="votes"', "training.vote_share=1.0",
            "training.label_smoothing=0.0", "loss.cosine=0.3", "conditions.variants=0",
        ],
    )  # fmt: skip
    run = RunFolder(root / "run")
    trained = train(plan_run(recipe, folder=run), folder=run)
    check_parity(export(trained, folder=run), folder=run)
    return run


def evaluated(folder: RunFolder) -> Evaluation:
    from edgeser.bundle import load_bundle

    return evaluate_bundle(load_bundle(folder.bundle), folder=folder)


def test_evaluate_scores_float_and_int8_against_the_listeners(folder: RunFolder) -> None:
    from edgeser.bundle import load_bundle

    found = evaluated(folder)
    scores = found.float_metrics.distributions
    assert isinstance(scores, DistributionScores)
    assert found.int8_metrics.distributions is not None
    assert scores.clips == found.float_metrics.clips == 6
    bundle = load_bundle(folder.bundle)
    clips = windows_of_test_speakers(bundle, corpora=(), folder=folder, cache=None, reporter=SILENT)
    answers = softmax(float_logits(bundle.trained, clips.features))
    classes = bundle.trained.classes
    votes = np.array([[dict(u.votes or ()).get(c, 0.0) for c in classes] for u in clips.utterances])
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(votes > 0, votes * np.log(votes / answers), 0.0)
    assert scores.kl.value == pytest.approx(terms.sum(axis=1).mean(), rel=1e-5)
    assert scores.intersection.value == pytest.approx(
        np.minimum(votes, answers).sum(axis=1).mean(), rel=1e-5
    )
    assert evaluate_json(found.float_metrics)["float"]["distributions"]["clips"] == 6


def test_the_report_has_them_after_parity(folder: RunFolder) -> None:
    contents = contents_of(folder)
    assert contents.float_metrics is not None
    assert contents.int8_metrics is not None
    found = evaluated(folder)
    again, scores = contents.float_metrics.distributions, found.float_metrics.distributions
    assert again is not None
    assert scores is not None
    assert again.kl.value == pytest.approx(scores.kl.value)
    assert contents.int8_metrics.distributions is not None
