"""How a study's table shows gaps between groups of speakers."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from edgeser.report.schemas.study import study_json
from edgeser.report.study.html import render_study
from edgeser.report.study.table import study_markdown, study_tables
from edgeser.study.config import Variant
from edgeser.study.jobs import Job, job_key
from edgeser.study.scores import check_result
from edgeser.study.table import summarise
from quantize.foundation.errors import BadInput
from tests.edgeser.study.made_results import Made, predictions, study


def test_gaps_between_groups_and_the_worst_speaker_are_in_every_rendering() -> None:
    made = Made()
    for variant, skill in (("plain", 1.0), ("debiased", 1.0), ("better", 9.0)):
        for seed in (0, 1):
            entry = predictions("cremad", 10 * seed + int(skill), skill, range(120))
            entry["groups"] = {
                "sex": ["female" if clip // 12 < 5 else "male" for clip in range(120)],
                "age group": ["20-29" if clip // 12 < 8 else "60-69" for clip in range(120)],
            }
            made.add(variant, "cremad", seed, [entry])
    variants = tuple(Variant(name) for name in ("plain", "debiased", "better"))
    table = summarise(study(variants=variants), made.cells, made.kept)
    plain, debiased, better = table.rows
    assert [(g.kind, g.measure) for g in plain.gaps] == [
        ("sex", "true-positive rate"),
        ("sex", "demographic parity"),
    ], "of two old speakers nothing is said"
    assert [g.above_first for g in plain.gaps] == [None, None]
    assert [g.above_first and g.above_first.value for g in debiased.gaps] == [0.0, 0.0]
    first, last = plain.gaps[0], better.gaps[0]
    assert last.mean.value == pytest.approx(0.0, abs=0.01)
    assert last.above_first is not None
    assert last.above_first.value == pytest.approx(last.mean.value - first.mean.value)
    assert plain.worst is not None
    json_row = study_json(table)["rows"][0]
    assert json_row["gaps"][0]["mean"] == first.mean.to_json()
    assert json_row["worst_speaker"]["speaker"] == plain.worst.speaker
    console = Console(width=100, file=StringIO())
    console.print(study_tables(table))
    assert isinstance(console.file, StringIO)
    for text in (study_markdown(table), render_study(table), console.file.getvalue()):
        assert "Groups of speakers of cremad" in text
        assert f"{100 * first.mean.value:.1f} (" in text
        assert "sex, TPR gap" in text
        assert f"worst speaker, {plain.worst.speaker}" in " ".join(text.split())
        assert "macro-F1, %" in text
    bare = summarise(study(), made.cells[:0], {})
    assert "Groups of speakers" not in study_markdown(bare)


@pytest.mark.parametrize("groups", [{"sex": ["female"]}, {"sex": [1] * 12}, {"sex": 3}, []])
def test_groups_that_do_not_fit_the_clips_are_refused(groups: object) -> None:
    entry = {**predictions("cremad", 1, 1.0, range(12)), "groups": groups}
    with pytest.raises(BadInput, match="groups of a result"):
        check_result(
            Job(job_key({}, code=""), "n", "train", {}),
            {"predictions": [entry], "costs": None, "facts": {}},
        )
