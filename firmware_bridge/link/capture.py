"""What a device's frontend got and what it made of it: read whole, or refused."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.link.device import Device
from firmware_bridge.link.errors import DeviceRefusal, MalformedReply, SamplesLost
from firmware_bridge.link.replies import Captured
from firmware_bridge.link.requests import Request

_UNKNOWN_REQUEST = 1


class Capture:
    """Samples and rows of a device's stream, from its last reset on, read piece by piece.

    The device keeps the latest only, so `pull` must come often enough: nothing is left out in
    silence.

    Parameters
    ----------
    device
        Whose stream was just reset.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._samples: list[NDArray[np.int16]] = []
        self._rows: list[NDArray[np.int8]] = []
        self._taken = self._frames = 0

    @property
    def samples(self) -> NDArray[np.int16]:
        """All samples that were read, int16."""
        return np.concatenate([np.empty(0, np.int16), *self._samples])

    @property
    def rows(self) -> NDArray[np.int8]:
        """All rows that were read, int8 ``[frames, channels, planes]``."""
        banner = self._device.banner
        return np.concatenate([np.empty((0, banner.channels, banner.planes), np.int8), *self._rows])

    def pull(self) -> int:
        """Read what is new; return how many samples there have been.

        Raises
        ------
        SamplesLost
            When the device has forgotten some before they were read.
        DeviceRefusal
            When its firmware keeps none.
        """
        total = self._taken + 1
        while self._taken < total:
            piece = self._kept(captured(self._device, self._taken), self._taken, "samples")
            self._samples.append(piece.values.astype(np.int16, copy=False))
            self._taken += len(piece.values)
            total = piece.total
        frames = self._frames + 1
        while self._frames < frames:
            piece = self._kept(captured_rows(self._device, self._frames), self._frames, "frames")
            self._rows.append(piece.values.astype(np.int8, copy=False))
            self._frames += len(piece.values)
            frames = piece.total
        return total

    def _kept(self, piece: Captured, first: int, what: str) -> Captured:
        if piece.first == first:
            return piece
        raise SamplesLost(
            f"{self._device.name} has forgotten {piece.first - first} {what} from number {first} "
            "on before they were read",
            hint="use a faster link, or build the firmware with a larger APP_CAPTURE_SAMPLES",
        )


def captured(device: Device, first: int) -> Captured:
    """Return samples as the frontend got them, from number `first` since the reset on.

    As many as fit a reply. Where the first that comes is a later one, the device has forgotten
    those before.

    Raises
    ------
    DeviceRefusal
        When its firmware is older than this request.
    MalformedReply
        When its answer does not fit the question.
    """
    try:
        fields = device.ask(Request.CAPTURE, first.to_bytes(4, "little"))
    except DeviceRefusal as error:
        if error.code != _UNKNOWN_REQUEST:
            raise
        raise DeviceRefusal(
            f"the firmware on {device.name} does not say what its frontend got",
            code=error.code,
            hint="export it again with this edgeser, and flash it",
        ) from error
    total, begin = fields.unsigned(4), fields.unsigned(4)
    samples = fields.array("<i2", fields.left // 2).astype(np.int16)
    fields.end()
    return _piece(device, first, Captured(total=total, first=begin, values=samples))


def captured_rows(device: Device, first: int) -> Captured:
    """Return rows of the model's input, from frame `first` since the reset on, as `captured`."""
    fields = device.ask(Request.ROWS, first.to_bytes(4, "little"))
    total, begin = fields.unsigned(4), fields.unsigned(4)
    size = max(device.banner.frame_values, 1)
    rows = fields.array("<i1", fields.left // size * size).astype(np.int8)
    fields.end()
    shape = (len(rows) // size, device.banner.channels, device.banner.planes)
    return _piece(device, first, Captured(total=total, first=begin, values=rows.reshape(shape)))


def _piece(device: Device, first: int, piece: Captured) -> Captured:
    """Refuse an answer that brings what was not asked for, or nothing where there is something."""
    end = piece.first + len(piece.values)
    if piece.first < first or end > piece.total or (first < piece.total and piece.first == end):
        raise MalformedReply(
            f"{device.name} was asked for what comes from {first} on, and sends {piece.first} to "
            f"{end} of {piece.total}"
        )
    return piece
