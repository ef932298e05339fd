"""The table of a study: each variant on each test corpus, held against the first one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from edgeser.evaluation.ablation import AblationRow, summarise_seeds
from edgeser.evaluation.conditions import CLEAN
from edgeser.evaluation.hearing import SHUFFLED
from edgeser.evaluation.paired import holm, sign_flip_p
from edgeser.evaluation.predictions import Predictions
from edgeser.evaluation.seed_gaps import gaps_over_seeds, worst_over_seeds
from edgeser.study.combine import Cell
from edgeser.study.config import Study
from edgeser.study.costs import costs_by_variant
from edgeser.study.jobs import Job
from edgeser.study.notes import notes_of
from edgeser.study.rows import Comparison, StudyRow, StudyTable
from edgeser.study.scores import (
    Groups,
    corpus_of,
    groups_of,
    has_nothing,
    heard_so,
    hearings_of,
    over_folds,
    predictions_of,
    with_and_without_nothing,
)
from edgeser.study.store import Kept
from edgeser.study.work import Failure
from edgeser.wording import plural

Runs = dict[int, list[Predictions]]
"""Of one row: by seed, one run, or one a fold where the folds were tested on the same clips."""


Place = tuple[str, str, str, str]
"""Arrangement, variant, corpus, condition."""


def summarise(
    study: Study,
    cells: Sequence[Cell],
    kept: Mapping[str, Kept],
    failures: Sequence[Failure] = (),
    *,
    cost_jobs: Sequence[tuple[str, Job]] = (),
    recipe_hash: str = "",
    reused: int = 0,
) -> StudyTable:
    """Return the table of what there is: of jobs without a result their seeds are missing.

    The table is a function of the results alone, to the bit.

    Raises
    ------
    CheckFailed
        When folds overlap in part.
    """
    runs = _runs(cells, kept)
    trained = {cell.arrangement: cell.trained for cell in cells}
    heard = {cell.arrangement: cell.heard for cell in cells}
    said = _models(study)
    found = {
        place: (_row(place, r, said[place[1]], trained[place[0]], heard[place[0]]), r)
        for place, r in runs.items()
    }
    rows, other_clips = _compared(study, found)
    rows = _with_gaps(study, found, rows, _groups(cells, kept))
    of_variants = [*((cell.variant, cell.job) for cell in cells), *cost_jobs]
    names = {job.key: job.name for _, job in of_variants}
    return StudyTable(
        name=study.name,
        recipe_hash=recipe_hash,
        jobs=len(names),
        reused=reused,
        rows=rows,
        costs=costs_by_variant(of_variants, kept),
        failures=tuple((names[f.job.key], f.reason) for f in failures),
        notes=notes_of(study, rows, other_clips),
    )


def _runs(cells: Sequence[Cell], kept: Mapping[str, Kept]) -> dict[Place, Runs]:
    """Return what there is for each row: variants side by side, by corpus and condition."""
    found: dict[Place, Runs] = {}
    for cell in cells:
        if cell.job.key not in kept:
            continue
        result = kept[cell.job.key].result
        by_variant = {cell.variant: predictions_of(result)}
        by_variant |= {heard_so(cell.variant, h): p for h, p in hearings_of(result).items()}
        for variant, said in by_variant.items():
            for heard, predictions in with_and_without_nothing(said).items():
                place = (cell.arrangement, variant, *heard)
                found.setdefault(place, {}).setdefault(cell.seed, []).append(predictions)
    joined = {p: {seed: over_folds(r) for seed, r in runs.items()} for p, runs in found.items()}
    orders = [list(dict.fromkeys(place[part] for place in found)) for part in range(4)]
    in_order = sorted(joined, key=lambda p: [orders[part].index(p[part]) for part in (0, 2, 3, 1)])
    return {place: _on_the_same_clips(joined[place]) for place in in_order}


def _on_the_same_clips(runs: Runs) -> Runs:
    """Leave out seeds of which a fold is missing: their clips are not those of the others."""
    most = max((r for seed in runs.values() for r in seed), key=len).clip_ids
    whole = {seed: [r for r in rs if r.clip_ids == most] for seed, rs in runs.items()}
    return {seed: rs for seed, rs in whole.items() if rs}


def _flat(runs: Runs, seeds: Sequence[int]) -> dict[int, Predictions]:
    """Return the runs of some seeds, numbered: the mean is over all of them."""
    return dict(enumerate(r for seed in seeds for r in runs[seed]))


def _models(study: Study) -> dict[str, str]:
    """Return what the models of each variant are, in words; also where they hear wrong words."""
    named = {
        v.name: f"float networks of '{v.name}'"
        if v.baseline is None
        else f"'{v.name}' ({v.baseline})"
        for v in study.variants
    }
    wrong = {heard_so(v, SHUFFLED): f"{said} with {SHUFFLED}" for v, said in named.items()}
    return {**wrong, **named}


def _summary(
    place: Place, runs: Runs, model: str, seeds: Sequence[int], first: Runs | None
) -> AblationRow:
    arrangement, variant, corpus, condition = place
    one = runs[seeds[0]][0]
    speakers = plural("speaker", one.known_speakers)
    source = f"{model} trained on {arrangement}, {one.describe(speakers)} of {corpus}"
    if condition != CLEAN:
        source += f", {condition}"
    against = None if first is None else _flat(first, seeds)
    mean_of = "seed" if all(len(runs[seed]) == 1 for seed in seeds) else "training"
    return summarise_seeds(variant, _flat(runs, seeds), source=source, first=against, of=mean_of)


def _row(
    place: Place, runs: Runs, model: str, trained: Sequence[str], heard: Sequence[str]
) -> StudyRow:
    seeds = tuple(runs)
    summary = _summary(place, runs, model, seeds, None)
    values = iter(summary.uars)
    by_seed = {seed: [next(values) for _ in runs[seed]] for seed in seeds}
    one = runs[seeds[0]][0]
    there = set(one.labels.tolist())
    return StudyRow(
        *place[:3],
        condition=place[3],
        trained_on_too=corpus_of(place[2]) in trained,
        hears_test_speakers=corpus_of(place[2]) in heard,
        learned=one.classes,
        classes=tuple(name for index, name in enumerate(one.classes) if index in there),
        clips=len(one),
        speakers=one.known_speakers,
        anonymous=one.anonymous_clips,
        seeds=seeds,
        uars=tuple(sum(found) / len(found) for found in by_seed.values()),
        mean=summary.mean,
        macro_f1=summary.macro_f1,
    )


def _compared(
    study: Study, found: Mapping[Place, tuple[StudyRow, Runs]]
) -> tuple[tuple[StudyRow, ...], bool]:
    """Return the rows with their comparisons, and whether some were impossible: other clips."""
    reference, models = _reference(study, found), _models(study)
    rows: list[StudyRow] = []
    other_clips = False
    for place, (row, runs) in found.items():
        base = reference(place)
        if base is None or base not in found or base == place:
            rows.append(row)
            continue
        first = found[base][1]
        if _clips(runs) != _clips(first):
            other_clips = True
            rows.append(row)
            continue
        seeds = [seed for seed in runs if seed in first and len(runs[seed]) == len(first[seed])]
        if not seeds:
            rows.append(row)
            continue
        summary = _summary(place, runs, models[place[1]], seeds, first)
        assert summary.above_first is not None  # noqa: S101  there is a first
        p = sign_flip_p(list(_flat(runs, seeds).values()), list(_flat(first, seeds).values()))
        name = base[1] if base[1] != place[1] else base[0]
        rows.append(
            replace(row, comparison=Comparison(name, summary.above_first, p, p, len(seeds)))
        )
    return _adjusted(rows), other_clips


def _groups(cells: Sequence[Cell], kept: Mapping[str, Kept]) -> dict[tuple[str, str], Groups]:
    """Return what clips can be grouped by, by corpus and condition, of all results together."""
    found: dict[tuple[str, str], Groups] = {}
    for cell in cells:
        if cell.job.key in kept:
            for heard, groups in groups_of(kept[cell.job.key].result).items():
                there = found.setdefault(heard, {})
                for kind, names in groups.items():
                    there.setdefault(kind, {}).update(names)
    return found


def _with_gaps(
    study: Study,
    found: Mapping[Place, tuple[StudyRow, Runs]],
    rows: Sequence[StudyRow],
    groups: Mapping[tuple[str, str], Groups],
) -> tuple[StudyRow, ...]:
    """Return the rows with the gaps between groups; held against the same row as their UAR."""
    reference = _reference(study, found)
    done = []
    for row, (place, (_, runs)) in zip(rows, found.items(), strict=True):
        base, seeds = reference(place), list(runs)
        first: list[Predictions] = []
        if row.comparison is not None and base is not None:
            others = found[base][1]
            seeds = [s for s in runs if s in others and len(runs[s]) == len(others[s])]
            first = list(_flat(others, seeds).values())
        here = groups.get((place[2], place[3])) or groups.get((corpus_of(place[2]), place[3]), {})
        own, every = list(_flat(runs, seeds).values()), list(_flat(runs, list(runs)).values())
        source = row.mean.source
        gaps = gaps_over_seeds(here, every, source=source, paired=(own, first))
        done.append(replace(row, gaps=gaps, worst=worst_over_seeds(every, source=source)))
    return tuple(done)


def _reference(
    study: Study, found: Mapping[Place, tuple[StudyRow, Runs]]
) -> Callable[[Place], Place | None]:
    against = study.held_against
    variants = [variant.name for variant in study.variants]
    first_arrangement = next(iter(found), ("",))[0]
    if against == "variant":
        return lambda place: _first_that_has(place, variants, found)
    if against == "arrangement":
        return lambda place: (first_arrangement, *place[1:])
    return lambda place: None


def _first_that_has(place: Place, variants: Sequence[str], found: Collection[Place]) -> Place:
    """Return the first variant's place; of "nothing" that of the first which learned the class."""
    places = [(place[0], variant, *place[2:]) for variant in variants]
    there = (found_there for found_there in places if found_there in found)
    return next(there, places[0]) if has_nothing(place[2]) else places[0]


def _clips(runs: Runs) -> tuple[tuple[str, ...], tuple[str, ...]]:
    one = next(iter(runs.values()))[0]
    return one.clip_ids, tuple(one.classes[label] for label in one.labels)


def _adjusted(rows: Sequence[StudyRow]) -> tuple[StudyRow, ...]:
    adjusted = iter(holm([row.comparison.p for row in rows if row.comparison is not None]))
    return tuple(
        row
        if row.comparison is None
        else replace(row, comparison=replace(row.comparison, p_holm=next(adjusted)))
        for row in rows
    )
