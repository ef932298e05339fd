"""What may ship with this package: nothing that was derived from what it must not pass on."""

from __future__ import annotations

from edgeser.bundle.trained import TrainedModel
from quantize.foundation.errors import CheckFailed


def require_shippable(trained: TrainedModel) -> None:
    """Refuse a network whose training heard something that must not be passed on.

    Raises
    ------
    CheckFailed
        Naming what it is derived from.
    """
    if trained.derived_from:
        raise CheckFailed(
            f"{trained.recipe.name} is derived from {', '.join(trained.derived_from)}, whose "
            "licence is disputed: it cannot ship",
            hint="train it with [loss] public = 0 and imitate = 0, and no encoder that was not",
        )
