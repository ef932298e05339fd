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
from edgeser.evaluation.conditions import ConditionRow, ConditionTable, condition_row
from edgeser.evaluation.distributions import DistributionScores
from edgeser.evaluation.groups import GroupScore, age_group, score_groups, score_speakers
from edgeser.evaluation.metrics import Metrics, confusion_matrix, evaluate
from edgeser.evaluation.parity import (
    ClipDifference,
    FeatureParity,
    OutputGrid,
    ParityReport,
    as_predictions,
    compare,
)
from edgeser.evaluation.predictions import Predictions
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
    "Verdict",
    "age_group",
    "as_predictions",
    "compare",
    "condition_row",
    "confusion_matrix",
    "evaluate",
    "judge",
    "score_groups",
    "score_speakers",
    "summarise_seeds",
    "summarise_variants",
]
