"""All that a report can show. What a run does not have is ``None`` or empty, and is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.bench_report import BenchReport
from edgeser.evaluation.ablation import AblationTable
from edgeser.evaluation.certainty import CertaintyTable
from edgeser.evaluation.conditions import ConditionTable
from edgeser.evaluation.drift import DriftReport
from edgeser.evaluation.group_verdict import GroupVerdict
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.hearing import HearingTable
from edgeser.evaluation.int8_parity import ParityReport
from edgeser.evaluation.metrics import Metrics
from edgeser.evaluation.verdict import Verdict
from edgeser.wording import Wording, wording
from quantize.foundation.errors import BadInput, InternalError
from quantize.layer_error import LayerError

if TYPE_CHECKING:
    from edgeser.bundle import CorpusSummary


@dataclass(frozen=True, slots=True)
class RecipeSummary:
    """The resolved recipe.

    Parameters
    ----------
    name, text
        Its name, and all of it as TOML.
    seed
        Of the run.
    hashes
        ``(what, hexadecimal digest)``: the recipe's, the frontend's, the input's, the model's.
    """

    name: str
    text: str
    seed: int
    hashes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """Where it ran: `facts` such as ``("CPU", ...)``, `versions` as ``(package, version)``."""

    facts: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SplitSummary:
    """One part of the corpus: its name (``"train"``) and how much there is of it."""

    name: str
    clips: int
    speakers: int


@dataclass(frozen=True, slots=True, eq=False)
class ExampleFeatures:
    """What the model sees of one clip.

    Parameters
    ----------
    clip_id, label
        Which clip, and its label.
    amplitude
        uint16 ``[frames, channels]``, as the C code puts it out.
    phase
        int16 ``[frames, channels, planes]``, the planes beside the amplitude, in Q15 (32768 is 1.0,
        of an angle pi; the amplitude's difference has its units); no planes is allowed.
    phase_planes
        These planes' names: ``"amplitude_delta"``, ``"if_re"``, ``"gd_mod"``, ...
    hop_ms
        Milliseconds from frame to frame.
    lower_hz, upper_hz
        The band that the channels cover, spaced on the mel scale.
    angle_weight
        What angles are multiplied by: ``"none"`` or ``"modulus"``.
    """

    clip_id: str
    label: str
    amplitude: NDArray[np.uint16]
    phase: NDArray[np.int16]
    phase_planes: tuple[str, ...]
    hop_ms: float
    lower_hz: float
    upper_hz: float
    angle_weight: str = "none"

    def __post_init__(self) -> None:
        frames, channels = self.amplitude.shape
        if self.phase.shape != (frames, channels, len(self.phase_planes)):
            raise InternalError(
                f"example features do not fit together: amplitude {self.amplitude.shape}, "
                f"phase {self.phase.shape}, {len(self.phase_planes)} plane names"
            )


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch: training loss (see `EpochRecord`), development UAR (ratio), learning rate."""

    number: int
    train_loss: float
    development_uar: float
    learning_rate: float
    development_ccc: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingHistory:
    """How training went.

    Parameters
    ----------
    epochs
        In order.
    chosen
        The number of the epoch that the development UAR chose.
    parameters
        Trainable parameters of the network.
    wall_s
        Wall-clock seconds, of all training; ``None`` where not known.
    refit
        Whether the weights are those of a second training of so many epochs, on development
        speakers too; else they are those of the chosen epoch.
    teachers
        How many networks, trained before it, the second training learnt from.
    """

    epochs: tuple[Epoch, ...]
    chosen: int
    parameters: int
    wall_s: float | None = None
    refit: bool = False
    teachers: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class ReportContents:
    """Everything that a report shows.

    Parameters
    ----------
    title
        The run's title.
    created
        When it was made, ISO 8601.
    synthetic
        Whether the voices are synthetic; `statement` then says so, in one plain sentence.
    statement
        What these figures are and are not: shown at the top of every form of the report.
    recipe, environment, corpus, features, training
        What went in, and how training went.
    float_metrics, int8_metrics
        On the test clips.
    groups
        Scores by speaker, and by what else is known of speakers.
    groups_verdict
        How far apart these groups are, and whether that is within the recipe's tolerances.
    drift
        How far recordings were from those of the training when last looked at; judged by itself.
    layers
        Quantisation error of each layer, in the order of the network.
    parity, verdict
        Float against int8; they come together.
    bench, device
        Cost on the host, and as firmware on a device.
    hearing
        Scores by what is heard: words, voice, or both.
    conditions, certainty, ablation
        Robustness, what probabilities are worth, and what each choice brought.
    problems
        What went wrong without stopping the run, one line each.
    """

    title: str
    created: str
    synthetic: bool
    statement: str
    recipe: RecipeSummary | None = None
    environment: Environment | None = None
    corpus: CorpusSummary | None = None
    splits: tuple[SplitSummary, ...] = ()
    features: ExampleFeatures | None = None
    training: TrainingHistory | None = None
    float_metrics: Metrics | None = None
    int8_metrics: Metrics | None = None
    groups: tuple[GroupScore, ...] = ()
    groups_verdict: GroupVerdict | None = None
    layers: tuple[LayerError, ...] = ()
    parity: ParityReport | None = None
    verdict: Verdict | None = None
    bench: BenchReport | None = None
    device: BenchReport | None = None
    drift: DriftReport | None = None
    conditions: ConditionTable | None = None
    certainty: CertaintyTable | None = None
    ablation: AblationTable | None = None
    hearing: HearingTable | None = None
    problems: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.synthetic and "synthetic" not in self.statement.lower():
            raise BadInput("a report on synthetic voices must say so in its statement")
        if (self.parity is None) != (self.verdict is None):
            raise InternalError("a report needs a parity report and its verdict together")

    @property
    def words(self) -> Wording:
        """What the labels are called."""
        return wording("emotions") if self.corpus is None else self.corpus.words

    @property
    def caveats(self) -> tuple[str, ...]:
        """What must be known of the recordings before any score is believed, one line each."""
        return () if self.corpus is None else self.corpus.caveats

    @property
    def passed(self) -> bool | None:
        """Whether parity, gaps between groups and budgets hold; ``None`` when none was checked."""
        checks = []
        if self.groups_verdict is not None and self.groups_verdict.checks:
            checks.append(self.groups_verdict.passed)
        if self.verdict is not None:
            checks.append(self.verdict.passed)
        if self.bench is not None and self.bench.budgets:
            checks.append(self.bench.passed)
        if self.device is not None:
            checks.append(self.device.passed)
        return all(checks) if checks else None
