"""Requests and replies: time-outs, sending again, and what to do about everything else."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from firmware_bridge.link.errors import (
    DeviceFlood,
    DeviceGone,
    DeviceRefusal,
    DeviceTimeout,
    MalformedReply,
    last_words,
)
from firmware_bridge.link.frames import Damaged, Decoder, Event, Frame, Line, encode_frame
from firmware_bridge.link.transport import Transport
from quantize.foundation.foreign import printable

_REPLY = 0x80
_ERROR = 0xFF
_READ_BYTES = 4096
_PAUSE_S = 0.005
"""Time in which a device has read what came: its loop turns each millisecond."""
_STARTED = "m-init-done"
"""What a device says when it starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a device.

    Parameters
    ----------
    attempt_s
        Seconds from sending a request to sending it again.
    attempts
        How often it is sent. An exchange ends after ``attempt_s * attempts`` seconds at the latest,
        whatever the device sends.
    most_bytes
        Bytes that a device may send in one exchange.
    """

    attempt_s: float = 1.0
    attempts: int = 4
    most_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        if not (self.attempt_s > 0 and self.attempts >= 1 and self.most_bytes >= 1):
            raise ValueError("a patience of nothing waits for nothing")

    @property
    def total_s(self) -> float:
        """Seconds that an exchange may take."""
        return self.attempt_s * self.attempts


class Session:
    """One conversation in frames with one device.

    A request is sent again, with the same sequence number, when its reply does not come in time or
    comes damaged; a device carries it out once. Replies to other requests are ignored. A device
    that starts anew in the middle has lost what it was told: that ends the session.

    Parameters
    ----------
    transport
        The link; it stays the caller's to close.
    patience
        How long to wait for each reply.
    clock
        Seconds that never go back; for tests.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._patience = patience or Patience()
        self._clock = clock
        self._decoder = Decoder()
        # A device keeps its last reply: beginning anywhere avoids that of an earlier session.
        self._sequence = secrets.randbelow(1 << 16)
        self._said: deque[str] = deque(maxlen=3)
        self._answered = False
        self._unread_bytes = 0

    @property
    def name(self) -> str:
        """The device's address."""
        return self._transport.name

    @property
    def patience(self) -> Patience:
        """How long each reply is waited for, unless a request says otherwise."""
        return self._patience

    def pace(self, unread_bytes: int) -> None:
        """Send so many bytes at once from now on, and wait until they are read; 0: all at once."""
        self._unread_bytes = unread_bytes

    def request(
        self, kind: int, payload: bytes = b"", *, flags: int = 0, patience: Patience | None = None
    ) -> bytes:
        """Send a request and return its reply's payload.

        Raises
        ------
        DeviceTimeout, DeviceFlood, DeviceGone
            When no reply comes.
        DeviceRefusal
            When the device answers with an error.
        MalformedReply
            When that error cannot be read.
        """
        allowed = patience or self._patience
        self._sequence = (self._sequence + 1) & 0xFFFF
        # The second zero puts a device right that takes the first for the end of a frame.
        wire = b"\0" + encode_frame(Frame(kind, flags, self._sequence, payload))
        reply = self._exchange(kind, wire, allowed)
        self._answered = True
        if reply.type == _ERROR:
            raise self._refusal(kind, reply.payload)
        return reply.payload

    def _exchange(self, kind: int, wire: bytes, patience: Patience) -> Frame:
        start = now = self._clock()
        deadline = start + patience.total_s
        send_at = start
        sent = received = 0
        while now < deadline:
            if now >= send_at and sent < patience.attempts:
                self._send(wire, deadline)
                sent += 1
                now = self._clock()
                send_at = now + patience.attempt_s
            until = min(send_at, deadline) if sent < patience.attempts else deadline
            data = self._read(max(0.0, until - now))
            now = self._clock()
            received += len(data)
            for event in self._decoder.feed(data):
                if isinstance(event, Frame) and self._answers(event, kind):
                    return event
                if self._note(event):
                    send_at = now
            if received > patience.most_bytes:
                raise DeviceFlood(
                    f"{self.name} sent {received} bytes, but no reply to request 0x{kind:02x}",
                    hint=last_words(self._said) or "reset the device",
                )
        raise DeviceTimeout(
            f"{self.name} did not answer request 0x{kind:02x} in {now - start:.3g} s, "
            f"sent {sent} times",
            hint=last_words(self._said) or "is it on, with firmware of edgeser, at this speed?",
        )

    def _send(self, wire: bytes, deadline: float) -> None:
        size = self._unread_bytes or len(wire)
        for start in range(0, len(wire), size):
            if start:
                time.sleep(_PAUSE_S)
            self._transport.write(wire[start : start + size], max(0.0, deadline - self._clock()))

    def _read(self, timeout_s: float) -> bytes:
        try:
            return self._transport.read(_READ_BYTES, timeout_s)
        except DeviceGone as error:
            raise DeviceGone(error.message, hint=last_words(self._said) or error.hint) from error

    def _answers(self, frame: Frame, kind: int) -> bool:
        return frame.sequence == self._sequence and frame.type in (kind | _REPLY, _ERROR)

    def _note(self, event: Event) -> bool:
        """Keep what the device says; return whether a reply may have been lost.

        Raises
        ------
        DeviceGone
            When the device has started anew.
        """
        started = False
        if isinstance(event, Line):
            self._said.append(event.text)
            started = event.text == _STARTED
        elif isinstance(event, Damaged):
            started = _STARTED.encode() in event.data
        if started and self._answered:
            raise DeviceGone(
                f"{self.name} restarted in the middle of the work",
                hint=last_words(self._said) or "look at the device's log",
            )
        return isinstance(event, Damaged)

    def _refusal(self, kind: int, payload: bytes) -> DeviceRefusal | MalformedReply:
        if not payload:
            return MalformedReply(f"{self.name} refuses request 0x{kind:02x} without a reason")
        reason = printable(payload[1:])
        return DeviceRefusal(f"{self.name} refuses request 0x{kind:02x}: {reason}", code=payload[0])
