"""Float held against int8 on every test clip, across runtimes and layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle, save_bundle
from edgeser.corpora import read_audio
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.parity import (
    ParityReport,
    as_predictions,
    compare,
)
from edgeser.evaluation.predictions import Predictions
from edgeser.evaluation.verdict import Tolerances, Verdict, judge
from edgeser.features import FeatureCache
from edgeser.pipeline.dataset import ClipSet, raw_features, windows_of
from edgeser.pipeline.feature_parity import check_features
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.groups import score_known_groups
from edgeser.pipeline.inference import float_logits, int8_logits, output_grid, predictions_of
from edgeser.pipeline.source import corpora_of
from edgeser.progress import SILENT, Reporter
from edgeser.report import json_format
from edgeser.report.contents import ExampleFeatures
from edgeser.report.model_card import model_card
from firmware_bridge.frontend import compute_features
from quantize.foundation.errors import BadInput, EdgeserError
from quantize.foundation.files import write_atomically
from quantize.layer_error import LayerError, layer_errors
from quantize.runtimes import Runtime, RuntimeAgreement, agreement_between, installed_runtimes

_LAYER_CLIPS = 16
TOLERANCES = "parity-tolerances"
"""The record of what a run's parity was held to, beside that of the comparison itself."""


@dataclass(frozen=True, slots=True, eq=False)
class TestSetDetails:
    """What the report shows of the test clips beside the comparison.

    Parameters
    ----------
    groups
        UAR by speaker, sex and age group.
    example
        The features of one clip.
    """

    groups: tuple[GroupScore, ...]
    example: ExampleFeatures


def check_parity(
    bundle: Bundle,
    *,
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    tolerances: Tolerances | None = None,
    cache: FeatureCache | None = None,
    reporter: Reporter = SILENT,
) -> tuple[ParityReport, Verdict]:
    """Compare the float network and the int8 model of a bundle on its test speakers.

    Parameters
    ----------
    bundle
        From `edgeser.export` or `edgeser.bundle.load_bundle`.
    corpora
        ``"NAME:PATH"``, each; the bundle's own synthetic voices, or the folder's corpora, when
        there are none.
    folder
        Where the result is kept for the report; nowhere when `None`.
    tolerances
        Instead of the recipe's.
    cache, reporter
        Of features; of stages.

    Returns
    -------
    The facts, and the verdict of the tolerances on them.

    Raises
    ------
    BadInput
        When there is no clip of the test speakers.
    CheckFailed
        When a logit is not finite.
    """
    clips = clips_of_test_speakers(
        bundle, corpora=corpora, folder=folder, cache=cache, reporter=reporter
    )
    trained = bundle.trained
    logits = float_logits(trained, clips.features, progress=reporter.stage("Float inference"))
    outputs = _outputs_by_runtime(bundle.int8_model, clips.features, reporter)
    oracle = outputs[Runtime.TFLITE_MICRO]
    features = check_features(clips.utterances, trained.frontend, reporter=reporter)
    reporter.stage("Quantisation error by layer")
    of_float = predictions_of(clips.utterances, logits, trained)
    grid = output_grid(bundle.int8_model)
    source = _source(bundle, of_float)
    report = compare(
        of_float,
        oracle,
        grid,
        source=source,
        runtimes=_agreements(outputs),
        features=features,
        layers=_layers(bundle, clips.features),
    )
    report = replace(
        report,
        float_metrics=replace(report.float_metrics, caveat=trained.corpus.caveat),
        int8_metrics=replace(report.int8_metrics, caveat=trained.corpus.caveat),
    )
    verdict = judge(report, tolerances or trained.recipe.parity)
    if folder is not None:
        of_int8 = as_predictions(of_float, oracle, grid)
        groups = score_known_groups(clips.utterances, of_float, of_int8, source=source)
        details = TestSetDetails(groups=groups, example=_example(bundle, clips))
        folder.save_state("test-set", details, model_hash=bundle.model_hash)
        _keep(bundle, report, verdict, folder)
    return report, verdict


def clips_of_test_speakers(
    bundle: Bundle,
    *,
    corpora: Sequence[str],
    folder: RunFolder | None,
    cache: FeatureCache | None,
    reporter: Reporter,
) -> ClipSet:
    """Return the clips that the bundle's split left to test on, as int8 windows.

    Raises
    ------
    BadInput
        When the corpus holds none of the test speakers.
    """
    trained = bundle.trained
    found = corpora_of(
        trained.recipe,
        arguments=corpora,
        classes=trained.classes,
        folder=folder,
        reporter=reporter,
    )
    chosen = trained.split.select(found.utterances, "test")
    if not chosen:
        raise BadInput(
            f"{found.root} has no clip of the bundle's test speakers",
            hint="give the corpus that the bundle was trained on",
        )
    raw = raw_features(
        chosen, trained.frontend, title="Features of test clips", cache=cache, reporter=reporter
    )
    frames = trained.recipe.window.frames
    return ClipSet(raw.utterances, windows_of(raw.features, trained.frontend, frames))


def _outputs_by_runtime(
    model: bytes, features: NDArray[np.int8], reporter: Reporter
) -> dict[Runtime, NDArray[np.int8]]:
    installed = [info.runtime for info in installed_runtimes()]
    progress = reporter.stage("int8 inference in each runtime")
    outputs = {}
    for done, runtime in enumerate(installed, 1):
        try:
            outputs[runtime] = int8_logits(model, features, runtime=runtime)
        except EdgeserError as error:
            reporter.note(f"not compared: {error}")
        progress(done, len(installed))
    if Runtime.TFLITE_MICRO not in outputs:
        # The oracle must run: its own error says why it did not.
        outputs[Runtime.TFLITE_MICRO] = int8_logits(model, features)
    return outputs


def _agreements(outputs: dict[Runtime, NDArray[np.int8]]) -> tuple[RuntimeAgreement, ...]:
    oracle = outputs[Runtime.TFLITE_MICRO]
    return tuple(
        agreement_between(oracle, found, runtime=runtime, oracle=Runtime.TFLITE_MICRO)
        for runtime, found in outputs.items()
        if runtime is not Runtime.TFLITE_MICRO
    )


def _layers(bundle: Bundle, features: NDArray[np.int8]) -> tuple[LayerError, ...]:
    """Measure on clips spread over the test set."""
    count = min(_LAYER_CLIPS, len(features))
    chosen = np.linspace(0, len(features) - 1, count).round().astype(int)
    errors = layer_errors(
        bundle.float_model, bundle.int8_model, features[chosen], layer_names=bundle.layer_names
    )
    return errors.layers


def _example(bundle: Bundle, clips: ClipSet) -> ExampleFeatures:
    """Return the features of the first clip, as the C code puts them out."""
    config = bundle.trained.frontend
    utterance = clips.utterances[0]
    features = compute_features(read_audio(utterance.sound), config)
    return ExampleFeatures(
        clip_id=utterance.clip_id,
        label=utterance.emotion,
        amplitude=features.amplitude,
        phase=features.phase,
        phase_planes=config.phase_planes,
        hop_ms=config.hop_ms,
        lower_hz=config.lower_hz,
        upper_hz=config.upper_hz,
    )


def _source(bundle: Bundle, tested: Predictions) -> str:
    corpus = bundle.trained.corpus
    kind = "synthetic voices, not people" if corpus.synthetic else corpus.name
    if corpus.caveat:
        return f"{tested.describe()}, drawn at random ({kind}): the model {corpus.caveat}"
    return f"{tested.describe()} kept for testing ({kind})"


def _keep(bundle: Bundle, report: ParityReport, verdict: Verdict, folder: RunFolder) -> None:
    folder.save_state(TOLERANCES, verdict.tolerances, model_hash=bundle.model_hash)
    folder.save_state("parity", report, model_hash=bundle.model_hash)
    public = json_format.parity_json(report, verdict)
    write_atomically(folder.result("parity"), json_format.dump_json(public).encode())
    if folder.bundle.is_file():
        figures = {
            "float.uar": report.float_metrics.uar,
            "int8.uar": report.int8_metrics.uar,
            "label_flip_rate": report.label_flip_rate,
        }
        judged = bundle.with_metrics(figures)
        save_bundle(folder.bundle, judged, card=model_card(judged))
