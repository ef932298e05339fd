"""How much a figure may grow from one benchmark to another, or be at most."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import MappingProxyType

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

_FORM = re.compile(r"([+-]?)(\d{1,15}(?:\.\d{1,9})?) ?([A-Za-z%]*)", re.ASCII)
_BYTES = {"": 1, "B": 1, "kB": 1000, "KiB": 1024, "MB": 1000**2, "MiB": 1024**2}
_COUNTS = {"": 1, "k": 1000, "M": 1000**2}
_TIMES = {"": Fraction(1), "us": Fraction(1, 1000), "ms": Fraction(1), "s": Fraction(1000)}
_EXAMPLES = "write +2%, +4kB, 300kB"
FIGURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "instructions": ("inference_instructions",),
        "frame": ("worst_frame_instructions", "worst_frame_ms"),
        "latency": ("inference_p90_ms", "inference_ms"),
        "flash": ("flash_bytes",),
        "ram": ("ram_bytes",),
        "arena": ("arena_bytes",),
        "stack": ("stack_used_bytes",),
    }
)
"""What limits are called for short, and the figures that each may mean: the first one that is there
counts."""
MORE_IS_BETTER = frozenset({"inferences_per_s"})


class Growth(Enum):
    """What a limit is counted from."""

    SHARE = "a share of the baseline more"
    AMOUNT = "an amount more than the baseline"
    ABSOLUTE = "an amount, whatever the baseline"


@dataclass(frozen=True, slots=True)
class GrowthLimit:
    """The most that a figure may be.

    Parameters
    ----------
    figures
        Names of figures; the first one that is there is meant.
    text
        As it was written: ``"+2%"``.
    growth
        What `amount` is counted from.
    amount
        The share, or the amount in the figure's own unit. Exact: one per cent is one per cent.
    """

    figures: tuple[str, ...]
    text: str
    growth: Growth
    amount: Fraction

    @property
    def needs_baseline(self) -> bool:
        """Whether it means nothing without a figure of the baseline."""
        return self.growth is not Growth.ABSOLUTE

    def allowed(self, baseline: float | None) -> Fraction:
        """Return the most that is allowed, exactly, in the figure's unit.

        Parameters
        ----------
        baseline
            The baseline's figure; only an absolute limit can do without.
        """
        if self.growth is Growth.ABSOLUTE:
            return self.amount
        assert baseline is not None  # noqa: S101 - asked before
        before = Fraction(baseline)
        return before * (1 + self.amount) if self.growth is Growth.SHARE else before + self.amount


def growth_limit(name: str, text: str) -> GrowthLimit:
    """Read a limit.

    Parameters
    ----------
    name
        What is limited: a short name of `FIGURES`, or a figure's own: ``"scratch_bytes"``.
    text
        ``"+2%"`` or ``"2%"``: that much more than the baseline; ``"+4kB"``, ``"+1000"``: that
        amount more; ``"300kB"``, ``"3.5M"``: at most that. With a minus it must shrink.

    Raises
    ------
    BadInput
        When it is neither, in a unit that the figure does not have, or more is better of it.

    >>> growth_limit("instructions", "+1%").allowed(1_000_000)
    Fraction(1010000, 1)
    """
    figures = FIGURES.get(name, (name,))
    if MORE_IS_BETTER & set(figures):
        raise BadInput(
            f"{printable(name)} has no largest value: more of it is better",
            hint="limit a latency instead",
        )
    found = _FORM.fullmatch(text.strip())
    units = _units_of(figures[0])
    if found is None or found[3] not in (*units, "%"):
        known = ", ".join(unit for unit in ("%", *units) if unit)
        raise BadInput(
            f"'{printable(text)}' is no limit of {printable(name)}",
            hint=f"{_EXAMPLES if 'kB' in units else 'write +1% or a number'}; units are {known}",
        )
    sign, number, unit = found.groups()
    amount = Fraction(Decimal(number)) * (-1 if sign == "-" else 1)
    if unit == "%":
        if amount < -100:
            raise BadInput(f"'{text}' is below nothing", hint="write -100% at least")
        return GrowthLimit(figures, text.strip(), Growth.SHARE, amount / 100)
    growth = Growth.AMOUNT if sign else Growth.ABSOLUTE
    return GrowthLimit(figures, text.strip(), growth, amount * units[unit])


def _units_of(figure: str) -> Mapping[str, int | Fraction]:
    if figure.endswith("_bytes"):
        return _BYTES
    if figure.endswith("_ms"):
        return _TIMES
    return _COUNTS
