"""The model card: what the model is, on what it was measured, and what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgeser.report.figures import number
from edgeser.report.markdown_text import plain

if TYPE_CHECKING:
    from edgeser.bundle import Bundle
    from edgeser.decision.rule import DecisionRule
    from edgeser.recipe import Recipe
    from quantize.foundation.measurement import Measurement

_SYNTHETIC = (
    "**Trained on synthetic voices.** Its figures show that the tool works; they say nothing of "
    "accuracy on people."
)


def model_card(bundle: Bundle) -> str:
    """Return the card as Markdown, from what the bundle itself holds."""
    trained = bundle.trained
    corpus = trained.corpus
    frontend = trained.frontend
    divided = (
        "clips were divided at random, speakers are in all of them"
        if corpus.caveat
        else f"no speaker{' that is known' if corpus.caveats else ''} is in two of them"
    )
    lines = [
        f"# Model card: {plain(trained.recipe.name)}",
        "",
        _SYNTHETIC if corpus.synthetic else corpus.words.card.format(corpus=plain(corpus.name)),
        *(["", corpus.words.law] if corpus.words.law else []),
        "",
        "## What it is",
        "",
        f"- Labels: {', '.join(map(plain, trained.classes))}",
        f"- Input: int8 `[1, {trained.recipe.window.frames}, {frontend.channels}, "
        f"{len(frontend.planes)}]` (frames, channels, planes: {', '.join(frontend.planes)}), "
        "scale 1/32, zero point 0",
        *_outputs(bundle),
        f"- Features: {frontend.window_ms} ms windows every {frontend.hop_ms} ms at "
        f"{frontend.sample_rate} Hz; hash `{frontend.hash[:16]}`",
        f"- int8 model: {len(bundle.int8_model)} bytes, SHA-256 `{bundle.model_hash}`",
        f"- Recipe hash `{trained.recipe.hash[:16]}`, seed {trained.recipe.seed}",
        "",
        "## Data",
        "",
        "- Corpus: " + plain(f"{corpus.name}. {corpus.licence} {corpus.citation}".rstrip()),
        f"- Clips: {corpus.clips_train} to train, {corpus.clips_development} to choose the epoch, "
        f"{corpus.clips_test} to test; {divided}.{_again(trained.recipe)}",
        f"- Left out, or odd: {'; '.join(map(plain, corpus.problems)) or 'nothing'}",
        *_derived(trained.derived_from),
        *_taught(trained.recipe.teacher.credit),
        *_taught(trained.recipe.words.credit if trained.recipe.words.heard else ""),
        f"- int8 ranges measured on: {plain(str(bundle.calibration.get('source', 'unknown')))}",
        "",
        "## How sure it is",
        "",
        *(f"- {plain(line)}" for line in _decides(bundle.rule)),
        "",
        "## Figures",
        "",
        *_figures(bundle.metrics),
        *(f"\nWarning: {plain(caveat)}." for caveat in corpus.caveats),
        "",
    ]
    return "\n".join(lines)


def _taught(credit: str) -> list[str]:
    return [f"- Taught by {plain(credit)}"] if credit else []


def _outputs(bundle: Bundle) -> list[str]:
    about = bundle.trained.corpus.vad
    if about is None:
        return []
    text = "- Second output: int8 `[1, 3]`, valence, arousal and dominance from -1 to 1, learnt "
    text += f"from {plain(about.called)} values of {sum(about.clips[:2]):,} clips"
    if about.derived_from:
        text += (
            f". Derived: expected from votes, with the coordinates of {plain(about.derived_from)}"
        )
    return [text]


def _derived(sources: Sequence[str]) -> list[str]:
    return [
        f"- Derived from {plain(source)}: its licence is disputed, do not pass this model on"
        for source in sources
    ]


def _decides(rule: DecisionRule) -> list[str]:
    """Return what a probability is made with, and what is refused."""
    if not rule.calibrated:
        return ["Not calibrated: a probability is the softmax as it is (temperature 1)."]
    lines = [
        f"Temperature {rule.int8_temperature:.3f} (int8), {rule.float_temperature:.3f} (float), "
        f"fitted on {rule.source}."
    ]
    if rule.unsure_below and rule.risk is not None and rule.coverage is not None:
        lines.append(
            f'Below a probability of {rule.threshold:.3f} it says "unsure" ({rule.wanted} was '
            f"wanted; on development clips {number(rule.risk, 'ratio')} of the answers are "
            f"wrong, and {number(rule.coverage, 'ratio')} of the clips are answered)."
        )
    return [*lines, *([f"{rule.note}; its threshold is taken."] if rule.note else [])]


def _again(recipe: Recipe) -> str:
    if not recipe.training.refit:
        return ""
    text = " Then trained again, for as many epochs, on those that chose the epoch too"
    if recipe.training.committee:
        text += f", taught by {recipe.training.committee} networks trained before"
    return f"{text}."


def _figures(metrics: Mapping[str, Measurement]) -> list[str]:
    if not metrics:
        return ["None measured yet: run `edgeser parity` and `edgeser bench`."]
    lines = ["| figure | value | unit | evidence |", "|---|---|---|---|"]
    for name, figure in sorted(metrics.items()):
        value = f"{figure.value:.6g}"
        if figure.interval is not None:
            low, high = figure.interval
            value += f" ({low:.4g} to {high:.4g}, {figure.interval_kind})"
        lines.append(f"| {plain(name)} | {value} | {plain(figure.unit)} | {figure.evidence} |")
    return lines
