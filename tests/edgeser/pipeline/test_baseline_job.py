"""The classical baseline as a job: the split of the network, cached functionals, the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.baseline import classifiers
from edgeser.baseline import functionals as functionals_module
from edgeser.corpora import write_synthetic_corpus
from edgeser.pipeline.jobs.baseline import fit_and_score
from edgeser.pipeline.jobs.form import recipe_of
from edgeser.pipeline.plan import plan_run
from edgeser.study.jobs import Job, job_key
from edgeser.study.scores import check_result, predictions_of

pytest.importorskip("opensmile", reason="the extra edgeser[baseline] is not installed")
TINY = Path(__file__).parents[2] / "tiny_recipe.toml"


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("baseline")
    root = folder / "voices"
    write_synthetic_corpus(root, speakers=6, utterances=2)
    return {
        "recipe_toml": TINY.read_text("utf-8"),
        "corpora": {"synthetic": str(root)},
        "features_dir": str(folder / "features"),
        "baseline": {"functionals": "eGeMAPSv02", "classifier": "logistic"},
    }


def test_it_is_tested_on_the_clips_of_the_plan(arguments: dict[str, Any]) -> None:
    result = fit_and_score(arguments)
    check_result(Job(job_key({}, code=""), "b", "baseline", {}), result)
    found = predictions_of(result)["synthetic", "clean"]
    plan = plan_run(recipe_of(arguments))
    tested = plan.split.select(plan.corpus.utterances, "test")
    assert found.clip_ids == tuple(u.clip_id for u in tested)
    assert found.classes == plan.corpus.emotions
    assert [found.classes[i] for i in found.labels] == [u.emotion for u in tested]
    assert np.allclose(np.exp(found.logits).sum(axis=1), 1.0, atol=1e-3)
    heard = len(plan.corpus.utterances) - len(tested)
    assert result["facts"]["clips_train"] == heard
    assert result["costs"] is None
    assert "research" in result["facts"]["licence"]
    correct = (found.logits.argmax(axis=1) == found.labels).mean()
    assert correct > 2 / len(found.classes), "synthetic voices are told apart above chance"


def test_functionals_are_computed_once_and_the_bits_are_the_same(
    arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fit_and_score(arguments)

    def refuse(*args: object, **named: object) -> None:
        raise AssertionError("a functional was computed again")

    monkeypatch.setattr(functionals_module, "call_in_child", refuse)
    assert fit_and_score(arguments) == first
    entries = sorted(Path(arguments["features_dir"]).rglob("*.functionals"))
    assert len(entries) == 6 * 2 * 6
    monkeypatch.undo()
    entries[0].write_bytes(entries[0].read_bytes()[:-8])
    assert fit_and_score(arguments) == first


def test_the_perceptron_is_seeded(
    arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifiers, "_UPDATES", 1)  # a seed tells after few steps, too
    monkeypatch.setattr(classifiers, "_EPOCHS", 8)
    mlp = {**arguments, "baseline": {"functionals": "eGeMAPSv02", "classifier": "mlp"}}
    other = {**mlp, "recipe_toml": "seed = 1\n" + mlp["recipe_toml"]}
    first, again, of_other = (fit_and_score(given) for given in (mlp, mlp, other))
    assert first == again
    assert of_other["predictions"] != first["predictions"]
