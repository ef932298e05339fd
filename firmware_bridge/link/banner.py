"""What a device says it is, and whether that is what we expect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from firmware_bridge.link.errors import HashMismatch, MalformedReply
from quantize.foundation.foreign import printable

PROTOCOL = 2
"""Version of the framed protocol that this host speaks."""

_HASH = re.compile(r"[0-9a-f]{64}")
_TEXT = re.compile(r"[ -~]{1,100}")
_MOST_ENTRIES = 64
_LONGEST_LIST = 160

_NUMBERS: dict[str, tuple[int, int]] = {
    "clock_hz": (1, 1 << 40),
    "sample_rate": (0, 384_000),
    "hop_samples": (0, 1 << 20),
    "window_frames": (0, 1 << 20),
    "stream_hop_frames": (0, 1 << 20),
    "smoothing": (0, 1 << 20),
    "certainty_multiplier": (0, (1 << 32) - 1),
    "unsure_below": (0, 1 << 15),
    "channels": (0, 256),
    "planes": (0, 16),
    "input_bytes": (1, 1 << 26),
    "output_bytes": (1, 1 << 26),
    "operators": (1, 1 << 16),
    "arena_bytes": (1, 1 << 28),
}
_OPTIONAL = {"empty_ticks": 1 << 32, "unread_bytes": 1 << 20, "state_bytes": 1 << 28}
_OF_FRONTEND = (
    "sample_rate",
    "hop_samples",
    "window_frames",
    "stream_hop_frames",
    "smoothing",
    "channels",
    "planes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """What a device says of itself.

    Parameters
    ----------
    board, model, compiler
        Names, printable.
    clock_hz
        Ticks a second of the timer that all ticks are counted with.
    empty_ticks
        Ticks that measuring nothing takes; 0 when the device does not say.
    unread_bytes
        Bytes that the device keeps until it reads them, and loses more; 0 when it keeps all.
    model_hash
        SHA-256 of the .tflite, 64 hexadecimal digits.
    frontend_hash
        `FrontendConfig.hash`; `None` when the firmware has no frontend, and then the settings of
        the frontend and of the stream are 0.
    sample_rate
        Hz.
    hop_samples
        Samples from frame to frame.
    window_frames, stream_hop_frames
        Frames of a window, and from window to window on a stream.
    smoothing
        Inferences that a decision rests on.
    certainty_multiplier, unsure_below
        How sure a decision is: see `firmware_bridge.certainty.Certainty`.
    channels, planes
        Shape of a frame.
    input_bytes, output_bytes, arena_bytes
        Sizes of the model's (first) input, its (first) output, and the memory it computes in.
    operators
        Operators of the model.
    outputs, inputs
        Size of each of the model's outputs and inputs; older firmware, and that of a model with one
        output or input, says nothing of them.
    state_bytes
        What the model keeps from one inference to the next; 0 when it keeps nothing.
    """

    board: str
    model: str
    compiler: str
    clock_hz: int
    model_hash: str
    frontend_hash: str | None
    sample_rate: int
    hop_samples: int
    window_frames: int
    stream_hop_frames: int
    smoothing: int
    certainty_multiplier: int
    unsure_below: int
    channels: int
    planes: int
    input_bytes: int
    output_bytes: int
    operators: int
    arena_bytes: int
    empty_ticks: int = 0
    unread_bytes: int = 0
    outputs: tuple[int, ...] = ()
    inputs: tuple[int, ...] = ()
    state_bytes: int = 0

    @property
    def each_input_bytes(self) -> tuple[int, ...]:
        """Size of each input, also of a model with one."""
        return self.inputs or (self.input_bytes,)

    @property
    def all_output_bytes(self) -> int:
        """Size of all outputs together."""
        return sum(self.outputs) or self.output_bytes

    @property
    def frame_values(self) -> int:
        """Values of a frame, over all channels and planes."""
        return self.channels * self.planes


def parse_banner(payload: bytes) -> Banner:
    """Read the reply to a request for the banner.

    Unknown entries are ignored: newer firmware may say more.

    Raises
    ------
    MalformedReply
        When an entry is missing, given twice or out of range, or another protocol is spoken.
    """
    entries = parse_entries(payload, what="banner")
    protocol = _entry(entries, "protocol")
    if protocol != str(PROTOCOL):
        raise MalformedReply(
            f"the device speaks protocol {printable(protocol)}, this host {PROTOCOL}",
            hint="build the firmware with this version of edgeser",
        )
    numbers = {name: _number(entries, name, low, high) for name, (low, high) in _NUMBERS.items()}
    frontend_hash = _entry(entries, "frontend_hash")
    has_frontend = frontend_hash != "none"
    banner = Banner(
        board=_text(entries, "board"),
        model=_text(entries, "model"),
        compiler=_text(entries, "compiler"),
        model_hash=_hash(entries, "model_hash"),
        frontend_hash=_hash(entries, "frontend_hash") if has_frontend else None,
        outputs=_sizes(entries, "outputs", numbers["output_bytes"]),
        inputs=_sizes(entries, "inputs", numbers["input_bytes"]),
        **{name: _number({name: "0"} | entries, name, 0, most) for name, most in _OPTIONAL.items()},
        **numbers,
    )
    if any((numbers[name] > 0) != has_frontend for name in _OF_FRONTEND):
        raise MalformedReply("the device's banner says of its frontend what does not fit together")
    if has_frontend and banner.window_frames * banner.frame_values != banner.input_bytes:
        raise MalformedReply(
            f"the device's frontend makes windows of {banner.window_frames} x "
            f"{banner.frame_values} bytes, its model takes {banner.input_bytes}"
        )
    return banner


def check_hashes(
    banner: Banner, *, model_hash: str | None = None, frontend_hash: str | None = None
) -> None:
    """Refuse a device with another model or another frontend; `None` expects nothing.

    Raises
    ------
    HashMismatch
        With both hashes.
    """
    for what, expected, found in (
        ("model", model_hash, banner.model_hash),
        ("frontend", frontend_hash, banner.frontend_hash),
    ):
        if expected is not None and expected != found:
            raise HashMismatch(
                f"the device runs another {what}: expected {expected}, "
                f"the device has {found or 'none'}",
                hint="export the firmware from this bundle again and flash it",
            )


def parse_entries(payload: bytes, *, what: str) -> dict[str, str]:
    r"""Read ``key=value\n`` lines.

    Raises
    ------
    MalformedReply
        When they are not text, too many, no entries, or have a key twice.
    """
    try:
        lines = payload.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedReply(f"the device's {what} is not text") from error
    entries: dict[str, str] = {}
    for line in lines:
        if not line:
            continue
        key, equals, value = line.partition("=")
        if not equals or not key or key in entries or len(entries) >= _MOST_ENTRIES:
            raise MalformedReply(f"the device's {what} cannot be read at {printable(line)!r}")
        entries[key] = value
    return entries


def _sizes(entries: Mapping[str, str], what: str, first: int) -> tuple[int, ...]:
    """Return the sizes of several inputs or outputs, ``outputs=6,3``; nothing of one."""
    value = entries.get(what, "")
    if not value:
        return ()
    low, high = _NUMBERS["output_bytes"]
    sizes = value[:_LONGEST_LIST].split(",")
    known = all(s.isascii() and s.isdigit() and low <= int(s) <= high for s in sizes)
    if not known or len(value) > _LONGEST_LIST or len(sizes) < 2 or int(sizes[0]) != first:
        raise MalformedReply(f"the device's banner says {what}={printable(value)}")
    return tuple(map(int, sizes))


def _entry(entries: Mapping[str, str], name: str) -> str:
    if name not in entries:
        raise MalformedReply(f"the device's banner has no {name}")
    return entries[name]


def _text(entries: Mapping[str, str], name: str) -> str:
    return _matching(entries, name, _TEXT)


def _hash(entries: Mapping[str, str], name: str) -> str:
    return _matching(entries, name, _HASH)


def _matching(entries: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = _entry(entries, name)
    if pattern.fullmatch(value) is None:
        raise MalformedReply(f"the device's banner says {name}={printable(value)}")
    return value


def _number(entries: Mapping[str, str], name: str, low: int, high: int) -> int:
    value = _entry(entries, name)
    digits = value.isascii() and value.isdigit() and len(value) <= 12
    if not digits or not low <= int(value) <= high:
        raise MalformedReply(
            f"the device's banner says {name}={printable(value)}, not {low} to {high}"
        )
    return int(value)
