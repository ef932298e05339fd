"""The made-up report of example.py, built once."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from edgeser.report.contents import ReportContents

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def example() -> ModuleType:
    return importlib.import_module("example")  # found through the path above


@pytest.fixture(scope="session")
def whole(example: ModuleType) -> ReportContents:
    contents = example.contents()
    assert isinstance(contents, ReportContents)
    return contents


@pytest.fixture(scope="session")
def failing(example: ModuleType) -> ReportContents:
    contents = example.synthetic_failing()
    assert isinstance(contents, ReportContents)
    return contents


@pytest.fixture(scope="session")
def bare() -> ReportContents:
    return ReportContents(
        title="nothing yet", created="2000-01-01", synthetic=False, statement="Nothing measured."
    )


HOSTILE = "<script>alert(1)</script>\"'&]]>|`[x](http://e.example)\x1b[31m\n[red]\x00\ufffe"


@pytest.fixture(scope="session")
def hostile(whole: ReportContents, example: ModuleType) -> ReportContents:
    """The whole report with a hostile string wherever a name comes from a file."""
    from dataclasses import replace

    from edgeser.evaluation import FeatureParity, Tolerances, judge
    from quantize.layer_error import LayerError

    parity, corpus, features = whole.parity, whole.corpus, whole.features
    recipe, bench, metrics = whole.recipe, whole.bench, whole.int8_metrics
    assert parity and corpus and features and recipe and bench and metrics
    clips = tuple(replace(c, clip_id=HOSTILE, speaker=HOSTILE) for c in parity.worst_clips)
    bad = replace(
        parity,
        worst_clips=clips,
        features=(FeatureParity(HOSTILE, 10, 3, False, HOSTILE),),
        layers=(LayerError(0, HOSTILE, HOSTILE, 3.0, 0.9, 0.1),),
        vad=example.vad(HOSTILE),
        uar_drop=replace(parity.uar_drop, value=0.5, source=HOSTILE),
    )
    return replace(
        whole,
        title=HOSTILE,
        statement=HOSTILE,
        recipe=replace(recipe, name=HOSTILE, text=HOSTILE, hashes=((HOSTILE, HOSTILE),)),
        corpus=replace(corpus, name=HOSTILE, problems=(HOSTILE,)),
        features=replace(features, clip_id=HOSTILE, label=HOSTILE),
        groups=tuple(replace(group, name=HOSTILE) for group in whole.groups),
        int8_metrics=replace(metrics, classes=(HOSTILE, *metrics.classes[1:])),
        layers=bad.layers,
        parity=bad,
        verdict=judge(bad, Tolerances()),
        bench=replace(bench, model=HOSTILE, target=replace(bench.target, description=HOSTILE)),
        problems=(HOSTILE,),
    )
