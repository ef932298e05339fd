"""What a run leaves: the trained network, and the bundle with its int8 model."""

from edgeser.bundle.bundle import Bundle, load_bundle, save_bundle
from edgeser.bundle.trained import (
    CalibrationSet,
    CorpusSummary,
    MemberSummary,
    PartSummary,
    TrainedModel,
    load_trained,
    save_trained,
    speakers_in,
)
from edgeser.bundle.vad_summary import VadSummary

__all__ = [
    "Bundle",
    "CalibrationSet",
    "CorpusSummary",
    "MemberSummary",
    "PartSummary",
    "TrainedModel",
    "VadSummary",
    "load_bundle",
    "load_trained",
    "save_bundle",
    "save_trained",
    "speakers_in",
]
