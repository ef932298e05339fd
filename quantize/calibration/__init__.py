"""What the int8 ranges are measured on: which samples, and how well they stand for the rest."""

from quantize.calibration.ranges import PlaneHistograms, PlaneRanges, RangeReport, compare_ranges
from quantize.calibration.selection import select_balanced

__all__ = [
    "PlaneHistograms",
    "PlaneRanges",
    "RangeReport",
    "compare_ranges",
    "select_balanced",
]
