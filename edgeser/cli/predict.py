"""`edgeser predict`: label recordings with a bundle."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.options import ModelPath, committee_option, decision_options
from edgeser.cli.output import Output, common_options
from edgeser.report.schemas.commands import PREDICT_SCHEMA, PREDICT_STREAM_SCHEMA
from quantize.foundation.foreign import MOST_QUOTED, printable

if TYPE_CHECKING:
    from edgeser.bundle import Bundle
    from edgeser.decision import DecisionConfig, DecisionRule
    from edgeser.pipeline.predict import ClipLabel
    from edgeser.pipeline.stream import StreamDecision

_STDIN = Path("-")


@click.command("predict")
@click.argument("bundle", type=ModelPath())
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--float", "use_float", is_flag=True, help="Use the float network, not int8.")
@click.option(
    "--stream",
    is_flag=True,
    help="Decide again and again, as a device does that listens on. FILES may be of any length; - "
    "is raw 16-bit little-endian mono on standard input at the model's rate.",
)
@committee_option
@decision_options
@common_options
def command(
    bundle: Path,
    files: tuple[Path, ...],
    use_float: bool,
    stream: bool,
    committee: tuple[Path, ...],
    wanted: DecisionConfig | None,
    output: Output,
) -> int:
    """Label recordings FILES with a BUNDLE (or the folder of a run).

    The int8 model gives what it gives on a device: it runs in TFLite-Micro or, where that is not
    installed, as the firmware's own C. A recording on which nothing is said has no emotion; one
    whose label's probability is below the bundle's threshold is called unsure. To listen to a
    microphone: arecord -q -t raw -f S16_LE -c 1 -r 16000 | edgeser predict BUNDLE - --stream
    """
    from edgeser.cli.places import deciding, open_bundle
    from edgeser.targets.oracle import INSTEAD, has_tflite_micro

    if stream and use_float:
        raise click.UsageError("--stream decides as a device does, in int8: leave out --float")
    if stream and committee:
        raise click.UsageError("--stream decides as a device does, by one model, not a --committee")
    if _STDIN in files and (not stream or len(files) > 1):
        raise click.UsageError("- is standard input: it is for --stream, and stands alone")
    loaded = open_bundle(bundle)
    others = [open_bundle(path) for path in committee]
    if not use_float and not has_tflite_micro():
        output.note(f"The int8 model runs as {INSTEAD}.")
    if any(member.trained.corpus.synthetic for member in (loaded, *others)):
        output.note("This model was trained on synthetic voices; on people it means nothing.")
    if others:
        return _show_committee([loaded, *others], files, wanted, use_float=use_float, output=output)
    loaded = deciding(loaded, wanted)
    _note_uncalibrated(loaded.rule, output)
    show = _show_decisions if stream else _show_labels
    return show(loaded, files, use_float=use_float, output=output)


def _note_uncalibrated(rule: DecisionRule, output: Output) -> None:
    if not rule.calibrated:
        output.note("Not calibrated: probabilities are the softmax as it is (temperature 1).")


def _show_labels(
    loaded: Bundle, files: tuple[Path, ...], *, use_float: bool, output: Output
) -> int:
    from edgeser.pipeline.predict import predict_files

    results = predict_files(loaded, files, use_float=use_float, reporter=output)
    return _show_results([loaded], loaded.rule, results, use_float=use_float, output=output)


def _show_committee(
    bundles: list[Bundle],
    files: tuple[Path, ...],
    wanted: DecisionConfig | None,
    *,
    use_float: bool,
    output: Output,
) -> int:
    from edgeser.pipeline.committee import committee_of, predict_together

    committee = committee_of(bundles, wanted)
    rule = committee.decides.rule
    _note_uncalibrated(rule, output)
    results = predict_together(committee, files, use_float=use_float, reporter=output)
    return _show_results(bundles, rule, results, use_float=use_float, output=output)


def _show_results(
    bundles: list[Bundle],
    rule: DecisionRule,
    results: tuple[ClipLabel, ...],
    *,
    use_float: bool,
    output: Output,
) -> int:
    from edgeser.typed_tables import to_table
    from quantize.foundation.errors import BadInput

    if output.json:
        output.result(
            {
                "schema": PREDICT_SCHEMA,
                "model_sha256": bundles[0].model_hash,
                "committee": [bundle.model_hash for bundle in bundles[1:]],
                "arithmetic": "float" if use_float else "int8",
                "decision": to_table(rule),
                "synthetic": any(bundle.trained.corpus.synthetic for bundle in bundles),
                **_about_vad(bundles),
                "clips": [result.to_json() for result in results],
            }
        )
    else:
        for result in results:
            _show_label(result, output, _vad_called(bundles))
    return BadInput.exit_code if any(result.problem for result in results) else 0


def _about_vad(bundles: list[Bundle]) -> dict[str, Any]:
    """Return what the second output was learnt of; nothing unless all have one."""
    found = [b.trained.corpus.vad for b in bundles if b.trained.corpus.vad is not None]
    if len(found) < len(bundles):
        return {}
    learnt = dict.fromkeys(about.called for about in found)
    sources = dict.fromkeys(about.derived_from for about in found if about.derived_from)
    return {"vad": {"learnt": "; ".join(learnt), "derived_from": "; ".join(sources)}}


def _vad_called(bundles: list[Bundle]) -> str:
    learnt = _about_vad(bundles).get("vad", {}).get("learnt", "rated")
    return "" if learnt == "rated" else f" ({learnt})"


def _shown_vad(values: dict[str, float] | None, called: str) -> str:
    if values is None:
        return ""
    return "".join(f"  {name} {value:+.2f}" for name, value in values.items()) + called


def _show_label(result: ClipLabel, output: Output, called: str) -> None:
    if result.problem:
        output.problem(result.problem)
        return
    name = printable(str(result.path), limit=MOST_QUOTED)
    for remark in result.remarks:
        if remark != result.no_label:
            output.note(f"{name}: {remark}")
    if result.no_label:
        click.echo(f"{name}: no label: {result.no_label}")
        return
    ranked = sorted(result.probabilities.items(), key=lambda item: -item[1])
    shown = "  ".join(f"{printable(label)} {share:.2f}" for label, share in ranked[:3])
    shown = f"unsure ({shown})" if result.unsure else shown
    click.echo(f"{name}: {shown}{_shown_vad(result.vad, called)}")


def _show_decisions(
    loaded: Bundle, files: tuple[Path, ...], *, use_float: bool, output: Output
) -> int:
    """Show decisions as they are taken; as JSON all of them at the end."""
    del use_float
    from edgeser.pipeline.stream import FileStream, RawStream
    from edgeser.typed_tables import to_table
    from quantize.foundation.errors import BadInput, EdgeserError

    clips, failed = [], False
    output.stage("Listening")
    for path in files:
        taken: list[StreamDecision] = []
        piped = path == _STDIN
        stream = RawStream(loaded, sys.stdin.buffer) if piped else FileStream(loaded, path)
        problem, remarks = "", tuple[str, ...]()
        try:
            for decision in stream.decisions():
                if output.json:
                    taken.append(decision)
                else:
                    _show_decision(path, decision, _vad_called([loaded]))
            remarks = stream.remarks
        except EdgeserError as error:
            problem = str(error)
            output.problem(problem)
        if not output.json:
            for remark in remarks:
                output.note(f"{path}: {remark}")
        failed = failed or bool(problem)
        clips.append(
            {
                "path": str(path),
                "decisions": [decision.to_json() for decision in taken],
                "problem": problem,
                "remarks": list(remarks),
            }
        )
    if output.json:
        output.result(
            {
                "schema": PREDICT_STREAM_SCHEMA,
                "model_sha256": loaded.model_hash,
                "frontend_hash": loaded.trained.frontend.hash,
                "decision": to_table(loaded.rule),
                "synthetic": loaded.trained.corpus.synthetic,
                **_about_vad([loaded]),
                "clips": clips,
            }
        )
    return BadInput.exit_code if failed else 0


def _show_decision(path: Path, decision: StreamDecision, called: str) -> None:
    """Print a decision at once, for whoever waits for it."""
    name, label = printable(str(path), limit=MOST_QUOTED), printable(decision.label)
    said = f"{label} {decision.probability:.2f}"
    if decision.unsure:
        said = f"unsure ({said})"
    if decision.silent:
        said = f"silence (the device says {said})"
    vad = _shown_vad(decision.vad, called)
    click.echo(f"{name}  {decision.seconds:7.2f} s  {said}{vad}")
    sys.stdout.flush()
