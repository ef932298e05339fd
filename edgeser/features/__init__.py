"""Recordings to features: the frontend over whole corpora, cached by content, cut to windows."""

from edgeser.features.cache import FeatureCache
from edgeser.features.extract import ClipResult, Variant, chance_of, extract_features, hear
from edgeser.features.window import WindowConfig, fit_window

__all__ = [
    "ClipResult",
    "FeatureCache",
    "Variant",
    "WindowConfig",
    "chance_of",
    "extract_features",
    "fit_window",
    "hear",
]
