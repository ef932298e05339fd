"""What a model scores, with intervals, and how far int8 is from float.

Start with `Predictions` and `evaluate`; `compare` and `judge` make a parity report and its
verdict.
"""

from edgeser.evaluation.ablation import (
    AblationRow,
    AblationTable,
    summarise_seeds,
    summarise_variants,
)
from edgeser.evaluation.bootstrap import Bootstrap
from edgeser.evaluation.concordance import VadScore, VadScores, VadTruth, score_vad
from edgeser.evaluation.conditions import ConditionRow, ConditionTable, condition_row
from edgeser.evaluation.distributions import DistributionScores
from edgeser.evaluation.grid import OutputGrid
from edgeser.evaluation.groups import GroupScore, age_group, score_groups, score_speakers
from edgeser.evaluation.int8_parity import (
    ClipDifference,
    FeatureParity,
    ParityReport,
    as_predictions,
    compare,
)
from edgeser.evaluation.metrics import Metrics, confusion_matrix, evaluate
from edgeser.evaluation.predictions import Predictions
from edgeser.evaluation.vad_parity import VadParity, compare_vad
from edgeser.evaluation.verdict import Check, Tolerances, Verdict, judge

__all__ = [
    "AblationRow",
    "AblationTable",
    "Bootstrap",
    "Check",
    "ClipDifference",
    "ConditionRow",
    "ConditionTable",
    "DistributionScores",
    "FeatureParity",
    "GroupScore",
    "Metrics",
    "OutputGrid",
    "ParityReport",
    "Predictions",
    "Tolerances",
    "VadParity",
    "VadScore",
    "VadScores",
    "VadTruth",
    "Verdict",
    "age_group",
    "as_predictions",
    "compare",
    "compare_vad",
    "condition_row",
    "confusion_matrix",
    "evaluate",
    "judge",
    "score_groups",
    "score_speakers",
    "score_vad",
    "summarise_seeds",
    "summarise_variants",
]
