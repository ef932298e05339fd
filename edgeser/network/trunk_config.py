"""Shapes of the trunks that are chosen by name: a keyword network's, and a transformer's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from quantize.foundation.errors import BadInput

Size = Literal["full", "small"]
_SIZES: Mapping[Size, tuple[tuple[int, ...], tuple[int, ...]]] = MappingProxyType(
    {
        "full": ((32, 64, 128, 192, 256), (128, 64)),
        "small": ((16, 32, 64, 96, 128), (64, 32)),
    }
)
_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class DsResNetConfig:
    """The shape of ``kind = "dsresnet-se"``, see `edgeser.network.dsresnet`.

    Parameters
    ----------
    size
        ``"full"``, the published widths, or ``"small"``, half of them.
    widths
        Of the stem and of each block, instead of the size's; each halves frames and channels.
    dense
        Of the layers after the mean, the last one the embedding's, instead of the size's.
    squeeze
        A block's maps over the waist of its squeeze-excite gate.
    """

    size: Size = "full"
    widths: tuple[int, ...] = ()
    dense: tuple[int, ...] = ()
    squeeze: int = 8

    @property
    def convolutions(self) -> tuple[int, ...]:
        """Widths of the stem and of each block."""
        return self.widths or _SIZES[self.size][0]

    @property
    def layers(self) -> tuple[int, ...]:
        """Widths of the dense layers."""
        return self.dense or _SIZES[self.size][1]

    def __post_init__(self) -> None:
        if self.size not in get_args(Size):
            raise BadInput(f"size = {self.size!r} is unknown", hint="choose full or small")
        _check_widths("widths", self.widths, least=2)
        _check_widths("dense", self.dense, least=1)
        if not 1 <= self.squeeze <= _LIMIT:
            raise BadInput(f"squeeze is {self.squeeze}", hint=f"choose 1 to {_LIMIT}")


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """The shape of ``kind = "transformer"``, see `edgeser.network.transformer`.

    Parameters
    ----------
    stem
        Widths of the stem's convolutions; each halves frames and channels.
    width
        Values of a frame behind the stem.
    blocks
        How many blocks of attention and feed-forward layers.
    head
        Values of queries, keys and values.
    feed_forward
        Width in the middle of a feed-forward layer.
    """

    stem: tuple[int, ...] = (24, 48)
    width: int = 96
    blocks: int = 3
    head: int = 16
    feed_forward: int = 192

    def __post_init__(self) -> None:
        _check_widths("stem", self.stem, least=1)
        if not self.stem:
            raise BadInput("stem is empty", hint="give one width or more")
        for name in ("width", "head", "feed_forward"):
            if not 1 <= getattr(self, name) <= _LIMIT:
                raise BadInput(f"{name} is {getattr(self, name)}", hint=f"choose 1 to {_LIMIT}")
        if not 1 <= self.blocks <= 32:
            raise BadInput(f"blocks is {self.blocks}", hint="choose 1 to 32")


def _check_widths(name: str, widths: tuple[int, ...], *, least: int) -> None:
    if widths and not least <= len(widths) <= 32:
        raise BadInput(f"{name} has {len(widths)} numbers", hint=f"give {least} to 32")
    if not all(1 <= width <= _LIMIT for width in widths):
        raise BadInput(f"{name} = {list(widths)}", hint=f"choose 1 to {_LIMIT} each")
