"""The top of a report: five key figures, and one plain sentence for each part."""

from __future__ import annotations

from dataclasses import dataclass

from edgeser.evaluation.groups import GroupScore
from edgeser.report.certainty import reading_of
from edgeser.report.contents import ReportContents
from edgeser.report.figures import (
    figure,
    loss,
    number,
    origin,
    points,
    size,
    span,
)
from quantize.foundation.foreign import MOST_QUOTED, printable
from quantize.foundation.measurement import Measurement
from quantize.layer_error import LayerError


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One of the figures at the top: what it is, its value, a remark, and its evidence."""

    name: str
    value: str
    remark: str
    evidence: str
    source: str


def key_figures(contents: ReportContents) -> tuple[KeyFigure, ...]:
    """Return up to five figures, those that decide first; fewer where a run has fewer."""
    found = (
        _recognition(contents),
        _drop(contents),
        _flips(contents),
        _on_device(contents) or _latency(contents),
        _firmware(contents) or _memory(contents),
    )
    return tuple(key for key in found if key is not None)


def readings(contents: ReportContents) -> dict[str, str]:
    """Return one sentence a section that says what its figures come to, by the section's name."""
    sentences = {
        "groups": _read_groups(contents),
        "conditions": _read_conditions(contents),
        "certainty": "" if contents.certainty is None else reading_of(contents.certainty),
        "parity": _read_parity(contents),
        "cost": _read_cost(contents),
        "device": _read_device(contents),
        "training": _read_training(contents),
        "corpus": _read_corpus(contents),
    }
    return {name: sentence for name, sentence in sentences.items() if sentence}


def noisiest_layers(contents: ReportContents, *, most: int = 8) -> tuple[LayerError, ...]:
    """Return the layers of the lowest SQNR, worst first."""
    layers = contents.layers or (contents.parity.layers if contents.parity is not None else ())
    noisy = [(layer.sqnr_db, i) for i, layer in enumerate(layers) if layer.sqnr_db is not None]
    return tuple(layers[i] for _, i in sorted(noisy)[:most])


def _key(name: str, value: str, remark: str, measurement: Measurement) -> KeyFigure:
    return KeyFigure(name, value, remark, measurement.evidence.value, origin(measurement))


def _recognition(contents: ReportContents) -> KeyFigure | None:
    metrics = contents.int8_metrics or contents.float_metrics
    if metrics is None:
        return None
    model = "int8" if contents.int8_metrics is not None else "float"
    chance = number(metrics.chance, "ratio")
    interval = f"95 % interval {span(metrics.uar)}; " if metrics.uar.interval else ""
    remark = f"{interval}guessing among {len(metrics.in_play)} "
    remark += f"{contents.words.many} gives {chance}"
    remark = "; ".join((remark, *metrics.caveats))
    name = f"Recognised, {model} (UAR)"
    return _key(name, figure(metrics.uar), remark, metrics.uar)


def _drop(contents: ReportContents) -> KeyFigure | None:
    if contents.parity is None or contents.verdict is None:
        return None
    drop = contents.parity.uar_drop
    allowed = loss(contents.verdict.tolerances.max_uar_drop)
    lost = loss(drop.value)
    remark = f"points of UAR, float minus int8; at most {allowed} allowed"
    return _key("Lost by int8", lost, remark, drop)


def _flips(contents: ReportContents) -> KeyFigure | None:
    if contents.parity is None or contents.verdict is None:
        return None
    parity, limit = contents.parity, contents.verdict.tolerances.max_flips
    allowed = number(limit, "ratio")
    remark = f"{parity.label_flips} of {parity.clips} clips; at most {allowed} allowed"
    rate = parity.label_flip_rate
    return _key("Labels changed by int8", figure(rate), remark, rate)


def _latency(contents: ReportContents) -> KeyFigure | None:
    if contents.bench is None:
        return None
    median, slow = contents.bench.inference, contents.bench.figures.inference_p99_ms
    remark = f"the median; 99 % take at most {figure(slow)}" if slow else "the median"
    return _key("Time of one inference", figure(median), remark, median)


def _on_device(contents: ReportContents) -> KeyFigure | None:
    if contents.device is None:
        return None
    device = contents.device
    remark = f"{figure(device.inference)}, {device.inference.evidence.value}"
    time = device.figures.inference_ms
    if time is None:
        remark = f"{device.inference.evidence.value}; nothing is known of this core's cycles"
        return _key(
            "One inference on the device", figure(device.inference), remark, device.inference
        )
    if time.interval is not None:
        remark += f"; band {span(time)}"
    return _key("One inference on the device", figure(time), remark, time)


def _firmware(contents: ReportContents) -> KeyFigure | None:
    if contents.device is None:
        return None
    flash, ram = contents.device.figures.flash_bytes, contents.device.figures.ram_bytes
    if flash is None or ram is None:
        return None
    remark = f"all of the firmware; RAM {figure(ram)}"
    return _key("Flash of the firmware", figure(flash), remark, flash)


def _memory(contents: ReportContents) -> KeyFigure | None:
    bench = contents.bench
    if bench is None:
        return None
    model, arena = bench.figures.model_bytes, bench.figures.arena_bytes
    if model is None:
        return None
    limited = next((check for check in bench.budgets if check.value.unit == "bytes"), None)
    if limited is None:
        return _key("Model file", figure(model), "flash", model)
    remark = f"of {size(limited.limit)} allowed; model {figure(model)}"
    if arena is not None:
        remark += f", arena {figure(arena)}"
    return _key("Memory", figure(limited.value), remark, limited.value)


def _read_groups(contents: ReportContents) -> str:
    speakers = [group for group in contents.groups if group.kind == "speaker"]
    if len(speakers) < 2:
        return ""
    ordered = sorted(speakers, key=_uar)
    low, high = ordered[0], ordered[-1]
    return (
        f"From {number(_uar(low), 'ratio')} (speaker {low.name}) to "
        f"{number(_uar(high), 'ratio')} (speaker {high.name}): an average hides this."
    )


def _uar(group: GroupScore) -> float:
    return (group.int8_uar or group.float_uar).value


def _read_conditions(contents: ReportContents) -> str:
    table = contents.conditions
    if table is None or len(table.rows) < 2:
        return ""
    worst = table.worst
    return (
        f"The largest change is with {worst.title}: {points(-table.drop(worst))} points of UAR "
        "against clean recordings."
    )


def _read_parity(contents: ReportContents) -> str:
    if contents.parity is None:
        return ""
    parity, layer = contents.parity, contents.parity.worst_layer
    text = (
        f"On {parity.clips} clips int8 changes {parity.label_flips} labels "
        f"({figure(parity.label_flip_rate)}) and UAR by {points(-parity.uar_drop.value)} points."
    )
    if parity.vad is not None and parity.vad.scores is not None:
        scores = parity.vad.scores
        found = ", ".join(f"{s.dimension} {figure(s.of_int8)}" for s in scores.scores)
        text += f" Concordance of int8: {found} (values {scores.called})."
    if layer is not None:
        text += f" The noisiest layer is {layer.name} (SQNR {layer.sqnr_db:.1f} dB)."
    return text


def _read_cost(contents: ReportContents) -> str:
    bench = contents.bench
    if bench is None:
        return ""
    text = f"One inference takes {figure(bench.inference)} on {bench.target.description}."
    broken = [check.name for check in bench.budgets if not check.passed]
    if broken:
        return f"{text} Over budget: {', '.join(broken)}."
    return f"{text} Every budget holds." if bench.budgets else text


def _read_device(contents: ReportContents) -> str:
    device = contents.device
    if device is None:
        return ""
    text = f"{device.target.description}: one inference takes {figure(device.inference)}"
    if device.frame is not None:
        text += f", one frame of features {figure(device.frame)}"
    return f"{text}. {device.parity.describe() if device.parity else ''}".rstrip()


def _read_training(contents: ReportContents) -> str:
    training = contents.training
    if training is None:
        return ""
    heard = contents.corpus is not None and contents.corpus.caveat
    who = "clips" if heard else "speakers"
    text = f"{training.parameters:,} parameters, {len(training.epochs)} epochs"
    if training.wall_s is not None:
        text += f", {training.wall_s / 60:.1f} minutes"
    if training.refit:
        kept = (
            f"The development {who} chose epoch {training.chosen}; then a second network was "
            "trained for as many epochs on those too, and kept"
        )
        if training.teachers:
            kept += f"; it learnt from the answers of {training.teachers} trained before it too"
    else:
        kept = f"The weights of epoch {training.chosen} were kept, chosen on development {who}"
    return f"{text}. {kept}; the test {who} took no part."


def _read_corpus(contents: ReportContents) -> str:
    corpus = contents.corpus
    if corpus is None:
        return ""
    clips = sum(part.clips for part in contents.splits)
    speakers = sum(part.speakers for part in contents.splits)
    text = f"{corpus.name}: {clips:,} clips of {speakers} speakers."
    if contents.splits and not corpus.caveat:
        text += f" No speaker{' that is known' if corpus.caveats else ''} is in two parts."
    text = " ".join((text, *(f"Note: {caveat}." for caveat in corpus.caveats)))
    if corpus.split_source:
        text += f" Parts are {printable(corpus.split_source, limit=MOST_QUOTED)}."
    return text
