"""The shape of the network, as a frozen record that a recipe's TOML fills in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from edgeser.network.trunk_config import DsResNetConfig, TransformerConfig
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

Kind = Literal["amplitude-phase", "dsresnet-se", "transformer"]
Inputs = Literal["amplitude", "phase", "both", "quaternion"]
Algebra = Literal["real", "quaternion"]
Pooling = Literal["mean", "gated", "attention"]
Classifier = Literal["linear", "pls"]
Centring = Literal["none", "level", "channels", "speech"]
Head = Literal["emotion", "vad"]
HEADS: tuple[tuple[Head, ...], ...] = (("emotion",), ("emotion", "vad"))
"""What a network can answer: each is an output of the model, in this order."""

AMPLITUDE_PLANES = ("amplitude", "amplitude_delta")
"""Planes that the amplitude's branch hears; the phase's branch hears the others."""
QUATERNION_PLANES = ("amplitude", "amplitude_delta", "if_angle", "gd_angle")
"""What one quaternion a frame and channel is made of: its real part, and its parts of i, j, k."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What the network listens to, how wide and how deep it is, and what it forgets in training.

    Parameters
    ----------
    kind
        What hears the amplitude: ``"amplitude-phase"``, the trunk of `stem_width`, `widths` and
        what follows them; ``"dsresnet-se"``, the keyword network of ``[network.dsresnet]``;
        ``"transformer"``, over frames, of ``[network.transformer]``. The phase's branch is the
        same beside each.
    inputs
        ``"amplitude"`` (with its difference in time, where the frontend gives that), ``"phase"`` or
        ``"both"`` (two branches, fused after pooling); or ``"quaternion"``: `QUATERNION_PLANES` as
        one tensor in one trunk.
    algebra
        ``"quaternion"``: convolutions from quaternions to quaternions are Hamilton products, with a
        quarter of the free weights. These are the pointwise ones, those of gates and attention
        too, and the stem where ``inputs = "quaternion"``. Depthwise convolutions, batch norms, the
        classifier, and first convolutions of other planes stay real. At export all become
        ordinary convolutions.
    centring
        What is subtracted from the amplitude's plane first, inside the network, so that a device
        does it too: ``"level"`` the mean of the whole window, which takes out the recording level;
        ``"speech"`` that, and then a share of what lies above it, so that the voice keeps
        its place when pauses become noisier or quieter; ``"channels"`` the mean of each channel
        over time, which takes out the microphone's frequency response as well.
    stem_width
        Channels of the trunk's first convolution (5 x 5, stride 2). The trunk is the amplitude's
        branch, or that of the quaternions.
    widths
        Channels of its depthwise-separable blocks, one number a block.
    strides
        1 or 2 a block: how much it shrinks frames and channels.
    phase_widths, phase_strides
        The same for the blocks of the phase branch.
    phase_smoothing_frames
        Frames that the phase planes are averaged over before anything else.
    squeeze
        Share of a block's channels in the waist of its squeeze-excite gate; 0: no gate.
    self_attention
        Channels of the queries, keys and values of the trunk's one head of self-attention over
        frames, before pooling; 0: none. See `edgeser.network.attention` for its form.
    pooling
        How the trunk's maps become one vector: ``"mean"``; ``"gated"``, the mean under a learned
        sigmoid gate beside the plain mean; ``"attention"``, the sum of frames under a softmax over
        them. The phase's branch takes the mean.
    classifier
        What stands between the pooled embedding and the logits: ``"linear"``, one dense layer;
        ``"pls"``, encoders (`edgeser.network.encoders`), and a dense layer which, once all else is
        trained, aligns them with functionals of the input by multiblock partial least squares and
        classifies the scores (`edgeser.training.pls`).
    encoder_width
        Values of each encoder; there is one a class, and one more.
    dropout
        Of the pooled embedding before the classifier.
    phase_dropout
        Of whole feature maps inside the phase branch, and of its embedding.
    heads
        ``["emotion"]``, or ``["emotion", "vad"]``: valence, arousal and dominance as well, as an
        output of their own.
    style_width
        Width of the style pooling of the second head (`edgeser.network.heads`); 0: none.
    dsresnet, transformer
        Shapes of those kinds.
    """

    kind: Kind = "amplitude-phase"
    inputs: Inputs = "amplitude"
    algebra: Algebra = "real"
    centring: Centring = "none"
    stem_width: int = 16
    widths: tuple[int, ...] = (32, 48, 64, 96, 96, 128)
    strides: tuple[int, ...] = (1, 2, 1, 2, 1, 1)
    phase_widths: tuple[int, ...] = (16, 24, 32)
    phase_strides: tuple[int, ...] = (2, 2, 1)
    phase_smoothing_frames: int = 6
    squeeze: float = 0.25
    self_attention: int = 0
    pooling: Pooling = "gated"
    classifier: Classifier = "linear"
    encoder_width: int = 16
    dropout: float = 0.3
    phase_dropout: float = 0.3
    heads: tuple[Head, ...] = ("emotion",)
    style_width: int = 24
    dsresnet: DsResNetConfig = field(default_factory=DsResNetConfig)
    transformer: TransformerConfig = field(default_factory=TransformerConfig)

    def __post_init__(self) -> None:
        for name, kinds in _KINDS.items():
            if (value := getattr(self, name)) not in get_args(kinds):
                known = ", ".join(get_args(kinds))
                raise BadInput(f"{name} = {value!r} is unknown", hint=f"choose one of {known}")
        self._check_heads()
        _check_blocks("widths", self.widths, "strides", self.strides)
        _check_blocks("phase_widths", self.phase_widths, "phase_strides", self.phase_strides)
        if not 1 <= self.stem_width <= 512:
            raise BadInput(f"stem_width is {self.stem_width}", hint="choose 1 to 512")
        if not 1 <= self.phase_smoothing_frames <= 32:
            raise BadInput(
                f"phase_smoothing_frames is {self.phase_smoothing_frames}",
                hint="choose 1 to 32",
            )
        if not 0 <= self.self_attention <= 512:
            raise BadInput(f"self_attention is {self.self_attention}", hint="choose 0 to 512")
        if not 1 <= self.encoder_width <= 256:
            raise BadInput(f"encoder_width is {self.encoder_width}", hint="choose 1 to 256")
        self._check_kind()
        self._check_trunk()
        self._check_quaternions()
        for name in ("squeeze", "dropout", "phase_dropout"):
            value = float(getattr(self, name))
            if not (math.isfinite(value) and 0.0 <= value < 1.0):
                raise BadInput(f"{name} is {value}", hint="choose 0 <= value < 1")

    def _check_heads(self) -> None:
        if self.heads not in HEADS:
            named = ", ".join(map(str, self.heads))
            raise BadInput(
                f"heads = [{printable(named)}] is unknown",
                hint='["emotion"] or ["emotion", "vad"], in this order',
            )
        if not 0 <= self.style_width <= 512:
            raise BadInput(f"style_width is {self.style_width}", hint="choose 0 to 512")

    def _check_kind(self) -> None:
        """Refuse what another kind of trunk than the first one has no place for."""
        if self.kind == "amplitude-phase":
            return
        wrong = ""
        if self.inputs not in ("amplitude", "both"):
            wrong = f"inputs = '{self.inputs}'"
        elif self.algebra != "real":
            wrong = f"algebra = '{self.algebra}'"
        elif self.self_attention:
            wrong = f"self_attention = {self.self_attention}"
        elif self.kind == "dsresnet-se" and self.pooling == "attention":
            wrong = "pooling = 'attention'"
        if wrong:
            raise BadInput(
                f"kind = '{self.kind}' has no {wrong}",
                hint="leave it out, or kind = 'amplitude-phase'",
            )

    def _check_trunk(self) -> None:
        """Refuse what a network of the phase alone has no place for."""
        if self.inputs != "phase":
            return
        wrong = "self_attention" if self.self_attention else ""
        wrong = "pooling = 'attention'" if self.pooling == "attention" else wrong
        if wrong:
            raise BadInput(
                f"{wrong} is the trunk's, and inputs = 'phase' has none",
                hint="choose other inputs, or leave it out",
            )

    def _check_quaternions(self) -> None:
        """Refuse channels that are no whole quaternions."""
        if self.algebra == "real":
            return
        phase = ("phase_widths",) if self.inputs in ("phase", "both") else ()
        trunk = () if self.inputs == "phase" else ("stem_width", "widths", "self_attention")
        for name in (*trunk, *phase):
            value = getattr(self, name)
            if any(n % 4 for n in (value if isinstance(value, tuple) else (value,))):
                shown = list(value) if isinstance(value, tuple) else value
                raise BadInput(
                    f"{name} = {shown} cannot be quaternions: they take 4 channels each",
                    hint="choose multiples of 4, or algebra = 'real'",
                )


_KINDS: Mapping[str, object] = MappingProxyType(
    {
        "kind": Kind,
        "inputs": Inputs,
        "algebra": Algebra,
        "centring": Centring,
        "pooling": Pooling,
        "classifier": Classifier,
    }
)


def check_planes(inputs: Inputs, planes: Sequence[str]) -> None:
    """Refuse a frontend's planes that a network of these inputs cannot hear.

    Raises
    ------
    BadInput
        Where there are no phase planes to hear, or for quaternions other planes than theirs.
    """
    if inputs == "quaternion" and set(planes) != set(QUATERNION_PLANES):
        lacking = [name for name in QUATERNION_PLANES if name not in planes]
        beside = [name for name in planes if name not in QUATERNION_PLANES]
        found = [f"lacks {', '.join(lacking)}"] if lacking else []
        found += [f"has {', '.join(beside)} too"] if beside else []
        raise BadInput(
            f"[network] inputs = 'quaternion' hears 4 planes, and the frontend "
            f"{' and '.join(found)}",
            hint="set [frontend] amplitude_delta = true and phase_planes = "
            "['if_angle', 'gd_angle'], or inputs = 'both'",
        )
    if inputs != "amplitude" and set(planes) <= set(AMPLITUDE_PLANES):
        raise BadInput(
            f"[network] inputs = '{inputs}' needs phase planes, the frontend has none",
            hint="name some in [frontend] phase_planes",
        )


def _check_blocks(
    widths_name: str, widths: tuple[int, ...], strides_name: str, strides: tuple[int, ...]
) -> None:
    if not 1 <= len(widths) <= 32 or len(widths) != len(strides):
        raise BadInput(
            f"{widths_name} has {len(widths)} numbers, {strides_name} {len(strides)}",
            hint="give one of each a block, 1 to 32 blocks",
        )
    if not all(1 <= width <= 1024 for width in widths):
        raise BadInput(f"{widths_name} = {list(widths)}", hint="choose 1 to 1024 each")
    if not all(stride in (1, 2) for stride in strides):
        raise BadInput(f"{strides_name} = {list(strides)}", hint="choose 1 or 2 each")
