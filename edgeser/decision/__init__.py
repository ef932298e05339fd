"""What a device decides with: how sure a label is, and when it is too little to answer.

Start with `rule_from`: it makes a `DecisionRule` of what was said of the development clips.
"""

from edgeser.decision.config import DecisionConfig
from edgeser.decision.held_out import HeldOut, decode_held_out, encode_held_out
from edgeser.decision.rule import NOT_CALIBRATED, DecisionRule, rule_from
from edgeser.decision.temperature import fit_temperature, softmax
from edgeser.decision.threshold import Threshold, choose_threshold

__all__ = [
    "NOT_CALIBRATED",
    "DecisionConfig",
    "DecisionRule",
    "HeldOut",
    "Threshold",
    "choose_threshold",
    "decode_held_out",
    "encode_held_out",
    "fit_temperature",
    "rule_from",
    "softmax",
]
