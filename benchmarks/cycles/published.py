"""Cycles of one inference that others measured on hardware, with where they said so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement of others.

    Parameters
    ----------
    name
        Whose code.
    cycles
        Of one inference.
    source
        Where they published it.
    is_cmsis_nn
        Whether it ran CMSIS-NN's kernels, which can be built here.
    """

    name: str
    cycles: float
    source: str
    is_cmsis_nn: bool = False


_TINY = "MLPerf Tiny, closed division"

PUBLISHED = {
    ("cortex-m7", "kws_ref_model"): (
        Row("ST X-CUBE-AI 9.0", 3.17e6, f"{_TINY}, v1.2"),
        Row("Plumerai", 3.83e6, _TINY),
        Row("Bosch HALE", 4.10e6, _TINY),
    ),
    ("cortex-m7", "ad01_int8"): (Row("Bosch HALE", 0.303e6, _TINY),),
    ("cortex-m4", "kws_ref_model"): (
        Row("ST X-CUBE-AI 9.0", 5.18e6, _TINY),
        Row("microTVM with CMSIS-NN", 11.98e6, _TINY, is_cmsis_nn=True),
    ),
}
"""By core and model."""
