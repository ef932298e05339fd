"""A device with firmware of ours: its commands as methods, its answers checked."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.certainty import ONE
from firmware_bridge.link.banner import Banner, check_hashes, parse_banner, parse_entries
from firmware_bridge.link.errors import MalformedReply
from firmware_bridge.link.frames import MOST_PAYLOAD
from firmware_bridge.link.replies import (
    AudioReply,
    FeatureTicks,
    Fields,
    Heard,
    MemoryUse,
    SelfTest,
)
from firmware_bridge.link.requests import Request
from firmware_bridge.link.session import Patience, Session
from firmware_bridge.streaming import Decision, decisions_after
from quantize.foundation.errors import BadInput

MOST_SAMPLES = 512
"""Samples that one request carries."""

_AUDIO_HEADER = 13
_RAW_FRAMES, _ROWS = 1, 2
_PROFILED, _ALL_OUTPUTS = 1, 2
_ALL_DECIDED = 1
_WRAP = 1 << 32
_LOST_MEMORY = "has the device restarted, or does somebody else speak to it?"


class Device:
    """A device behind a session.

    Everything raises a `DeviceError`: what the session raises, `DeviceRefusal` when the device says
    no, `MalformedReply` when its answer does not fit the request or what it said before.

    Parameters
    ----------
    session
        The conversation; its transport stays the caller's to close.
    model_hash, frontend_hash
        What the device must run, else it is refused with `HashMismatch`; `None` takes any.
    inference
        How long to wait for commands that run the model: an emulated one takes seconds. By default
        as long as for the others.
    """

    def __init__(
        self,
        session: Session,
        *,
        model_hash: str | None = None,
        frontend_hash: str | None = None,
        inference: Patience | None = None,
    ) -> None:
        self._session = session
        self._inference = inference or session.patience
        self._samples: int | None = None
        self._frames = 0
        self._input_crc: int | None = None
        self._output_crc: int | None = None
        self._banner = parse_banner(session.request(Request.BANNER))
        session.pace(self._banner.unread_bytes)
        check_hashes(self._banner, model_hash=model_hash, frontend_hash=frontend_hash)

    @property
    def name(self) -> str:
        """The device's address."""
        return self._session.name

    @property
    def banner(self) -> Banner:
        """What the device said it is."""
        return self._banner

    def reset(self) -> None:
        """Begin a new stream: frontend, windows and decisions are cleared."""
        if self._banner.frontend_hash is None:
            raise BadInput(
                f"the firmware on {self.name} has no frontend, so it takes no audio",
                hint="write the model's input instead",
            )
        self._samples = None
        self._nothing(Request.RESET, b"")
        self._samples = self._frames = 0

    def audio(
        self, samples: NDArray[np.int16], *, raw: bool = False, rows: bool = False
    ) -> AudioReply:
        """Send the stream's next samples, int16 ``[count]``, `most_samples` at most.

        The model may run meanwhile; that overwrites its output. Call `reset` first.

        Parameters
        ----------
        samples
            At the banner's sample rate.
        raw, rows
            Whether to return the new frames' raw features, and their rows of the model's input.
        """
        banner = self._banner
        if self._samples is None:
            raise BadInput("no stream has begun on the device", hint="reset it first")
        if samples.dtype != np.int16 or samples.ndim != 1 or len(samples) > MOST_SAMPLES:
            raise BadInput(
                f"{samples.dtype} of shape {samples.shape} is no piece of audio",
                hint=f"send at most {MOST_SAMPLES} int16 samples at a time",
            )
        flags = (_RAW_FRAMES if raw else 0) | (_ROWS if rows else 0)
        payload = samples.astype("<i2").tobytes()
        fields = self.ask(Request.AUDIO, payload, flags=flags, patience=self._inference)
        counts = [fields.unsigned(4) for _ in range(3)]
        fresh = fields.unsigned(1)
        amplitudes, phases, planes = [], [], banner.planes
        new_rows = np.empty((fresh if rows else 0, banner.channels, planes), np.int8)
        for frame in range(fresh):
            if raw:
                amplitudes.append(fields.array("<u2", banner.channels))
                phases.append(fields.array("<i2", banner.channels * (planes - 1)))
            if rows:
                row = fields.array("<i1", banner.frame_values)
                new_rows[frame] = row.reshape(banner.channels, planes)
        fields.end()
        self._check_progress(len(samples), fresh, counts)
        self._output_crc = None
        shape = (len(amplitudes), banner.channels)
        return AudioReply(
            samples=counts[0],
            frames=counts[1],
            decisions=counts[2],
            amplitude=np.array(amplitudes, np.uint16).reshape(shape),
            phase=np.array(phases, np.int16).reshape(*shape, max(0, planes - 1)),
            rows=new_rows,
        )

    def most_samples(self, *, raw: bool = False, rows: bool = False) -> int:
        """Return how many samples `audio` takes at a time so that its reply fits a frame."""
        frame_bytes = self._reply_bytes_of_a_frame(raw, rows)
        if not frame_bytes:
            return MOST_SAMPLES
        if not self.fits(raw=raw, rows=rows):
            raise BadInput(
                f"a frame of {frame_bytes} bytes does not fit a reply",
                hint="ask for raw frames and for rows one after the other",
            )
        frames = (MOST_PAYLOAD - _AUDIO_HEADER) // frame_bytes
        return min(MOST_SAMPLES, frames * self._banner.hop_samples)

    def fits(self, *, raw: bool = False, rows: bool = False) -> bool:
        """Return whether a frame's features, its row of the model's input, or both fit a reply."""
        return self._reply_bytes_of_a_frame(raw, rows) <= MOST_PAYLOAD - _AUDIO_HEADER

    def _reply_bytes_of_a_frame(self, raw: bool, rows: bool) -> int:
        return self._banner.frame_values * ((2 if raw else 0) + (1 if rows else 0))

    def stream(
        self,
        samples: NDArray[np.int16],
        *,
        chunk: int | None = None,
        raw: bool = False,
        rows: bool = False,
    ) -> Iterator[AudioReply]:
        """Send samples of any number in pieces of `chunk`; yield each piece's reply."""
        size = min(chunk or MOST_SAMPLES, self.most_samples(raw=raw, rows=rows))
        for start in range(0, len(samples), size):
            yield self.audio(samples[start : start + size], raw=raw, rows=rows)

    def hear(
        self,
        samples: NDArray[np.int16],
        *,
        chunk: int | None = None,
        raw: bool = False,
        rows: bool = False,
    ) -> tuple[tuple[AudioReply, ...], tuple[Decision, ...]]:
        """Reset, stream the samples as `stream` does, and return all replies and decisions.

        Decisions are asked for as they are taken: the device keeps the latest few only.
        """
        self.reset()
        replies: list[AudioReply] = []
        decisions: list[Decision] = []
        for reply in self.stream(samples, chunk=chunk, raw=raw, rows=rows):
            replies.append(reply)
            while len(decisions) < reply.decisions:
                fresh = self.decisions(len(decisions))
                if fresh[0].number != len(decisions):
                    raise MalformedReply(f"{self.name} lost decision {len(decisions)}")
                decisions += fresh
        return tuple(replies), tuple(decisions)

    def decisions(self, first: int = 0) -> tuple[Decision, ...]:
        """Return decisions from number `first` on: as many as fit a reply and the device keeps."""
        if self._samples is None:
            raise BadInput("no stream has begun on the device", hint="reset it first")
        classes, values = self._banner.output_bytes, self._banner.all_output_bytes
        taken = self._decisions_after(self._frames)
        flags = _ALL_DECIDED if self._banner.outputs else 0
        fields = self.ask(Request.DECISIONS, first.to_bytes(4, "little"), flags=flags)
        decisions: list[Decision] = []
        while fields.left:
            end_frame = fields.unsigned(4)
            label, unsure, probability = (fields.unsigned(size) for size in (1, 1, 2))
            logits = tuple(fields.array("<i1", values).tolist())
            sums = tuple(fields.array("<i4", values).tolist())
            number = decisions[-1].number + 1 if decisions else self._number_at(end_frame, first)
            decision = Decision(
                number=number,
                end_frame=end_frame,
                label=label,
                logits=logits[:classes],
                sums=sums[:classes],
                probability=probability,
                unsure=unsure == 1,
                further=logits[classes:],
                further_sums=sums[classes:],
            )
            self._check_decision(decision, taken)
            self._check_certainty(decision, unsure)
            decisions.append(decision)
        if not decisions and first < taken:
            raise MalformedReply(f"{self.name} lost decision {first}", hint=_LOST_MEMORY)
        return tuple(decisions)

    def write_input(self, data: NDArray[np.int8] | bytes) -> None:
        """Write the model's whole input: its int8 values, row-major."""
        if not isinstance(data, bytes) and data.dtype != np.int8:
            raise BadInput(f"the model takes int8, not {data.dtype}", hint="quantise it first")
        content = data if isinstance(data, bytes) else data.tobytes()
        if len(content) != self._banner.input_bytes:
            raise BadInput(
                f"the model takes {self._banner.input_bytes} bytes, not {len(content)}",
                hint="compute the input with the frontend of the model",
            )
        self._input_crc = self._output_crc = None
        size = MOST_PAYLOAD - 4
        for offset in range(0, len(content), size):
            piece = content[offset : offset + size]
            self._nothing(Request.WRITE, offset.to_bytes(4, "little") + piece)
        self._input_crc = zlib.crc32(content)

    def infer(self, *, profile: bool = False) -> int:
        """Run the model on its input; return the ticks that it took.

        Parameters
        ----------
        profile
            Whether to count the ticks of each operator, which `profile` then returns.

        Raises
        ------
        MalformedReply
            When the model ran on another input than was written last: the device has restarted, or
            somebody else speaks to it.
        """
        self._output_crc = None
        flags = (_PROFILED if profile else 0) | (_ALL_OUTPUTS if self._banner.outputs else 0)
        fields = self.ask(Request.INFER, b"", flags=flags, patience=self._inference)
        ticks = fields.unsigned(4)
        self._check_input(fields.unsigned(4))
        output_crc = fields.unsigned(4)
        fields.end()
        self._output_crc = output_crc
        return ticks

    def read_output(self) -> NDArray[np.int8]:
        """Return the model's output, int8 ``[all_output_bytes]``; of several one after another.

        Raises
        ------
        MalformedReply
            When it is not that of the last `infer`, where nothing else ran the model since.
        """
        output = bytearray()
        while left := self._banner.all_output_bytes - len(output):
            size = min(left, MOST_PAYLOAD)
            asked = len(output).to_bytes(4, "little") + size.to_bytes(2, "little")
            fields = self.ask(Request.READ, asked)
            output += fields.take(size)
            fields.end()
        if self._output_crc not in {None, zlib.crc32(output)}:
            raise MalformedReply(
                f"{self.name} has another output than its model computed", hint=_LOST_MEMORY
            )
        return np.frombuffer(bytes(output), np.int8)

    def profile(self) -> NDArray[np.uint32]:
        """Return the ticks of each operator in the last profiled inference."""
        ticks: list[int] = []
        while len(ticks) < self._banner.operators:
            fields = self.ask(Request.PROFILE, len(ticks).to_bytes(4, "little"))
            before = len(ticks)
            while fields.left and len(ticks) < self._banner.operators:
                ticks.append(fields.unsigned(4))
            fields.end()
            if len(ticks) == before:
                raise MalformedReply(f"{self.name} profiles {before} operators only")
        return np.array(ticks, np.uint32)

    def tap(
        self, operator: int, size: int, network_input: NDArray[np.int8] | bytes
    ) -> NDArray[np.int8]:
        """Run the model on `network_input`; return the first `size` bytes of an operator's output.

        Each reply's worth is a run of its own, and the model's input is overwritten by it.
        """
        if not 0 <= operator < self._banner.operators or size < 0:
            raise BadInput(
                f"no {size} bytes of operator {operator} can be seen",
                hint=f"the model has {self._banner.operators} operators, from 0 on",
            )
        output = bytearray()
        while left := size - len(output):
            self.write_input(network_input)
            piece = min(left, MOST_PAYLOAD - 4)
            asked = b"".join(
                (
                    operator.to_bytes(4, "little"),
                    len(output).to_bytes(4, "little"),
                    piece.to_bytes(2, "little"),
                )
            )
            fields = self.ask(Request.TAP, asked, patience=self._inference)
            self._check_input(fields.unsigned(4))
            output += fields.take(piece)
            fields.end()
        return np.frombuffer(bytes(output), np.int8)

    def memory(self) -> MemoryUse:
        """Return what memory the firmware uses, and has used since it started."""
        fields = self.ask(Request.MEMORY, b"")
        sizes = [fields.unsigned(4) for _ in range(5)]
        self._check_input(fields.unsigned(4))
        fields.end()
        use = MemoryUse(
            stack_bytes=sizes[0],
            stack_used=sizes[1],
            arena_bytes=sizes[2],
            frontend_table_bytes=sizes[3],
            frontend_work_bytes=sizes[4],
        )
        if use.stack_used > use.stack_bytes or use.arena_bytes != self._banner.arena_bytes:
            raise MalformedReply(f"{self.name} reports memory that does not fit together: {use}")
        return use

    def self_test(self) -> SelfTest:
        """Let the device test itself; the model's output is overwritten by it."""
        self._output_crc = None
        fields = self.ask(Request.SELF_TEST, b"", patience=self._inference)
        passed = fields.unsigned(1)
        if passed > 1:
            raise MalformedReply(f"{self.name} says of its self-test {passed}")
        findings = parse_entries(fields.take(fields.left), what="self-test")
        return SelfTest(passed=passed == 1, findings=findings)

    def feature_ticks(self) -> FeatureTicks:
        """Return the time spent in the frontend since the last reset."""
        fields = self.ask(Request.FEATURE_TICKS, b"")
        ticks = FeatureTicks(
            frames=fields.unsigned(4), ticks=fields.unsigned(8), largest=fields.unsigned(4)
        )
        fields.end()
        known = self._samples is not None
        if ticks.largest > ticks.ticks or (known and ticks.frames != self._frames):
            raise MalformedReply(f"{self.name} reports times that do not fit together: {ticks}")
        return ticks

    def heard(self) -> Heard:
        """Return how loud the stream was since the last reset; older firmware refuses to say."""
        fields = self.ask(Request.HEARD, b"")
        heard = Heard(*(fields.unsigned(8) for _ in range(5)))
        fields.end()
        known = self._samples is not None
        if not heard.fits_together or (known and heard.samples % _WRAP != self._samples):
            raise MalformedReply(f"{self.name} has heard what does not fit together: {heard}")
        return heard

    def ask(
        self, kind: Request, payload: bytes, *, flags: int = 0, patience: Patience | None = None
    ) -> Fields:
        """Return the fields of the answer to any request."""
        reply = self._session.request(kind, payload, flags=flags, patience=patience)
        return Fields(reply, kind.name)

    def _nothing(self, kind: Request, payload: bytes) -> None:
        self.ask(kind, payload).end()

    def _check_input(self, crc: int) -> None:
        """Hold the device's input to the one that we wrote, if we did."""
        if self._input_crc not in {None, crc}:
            raise MalformedReply(
                f"{self.name} has another input than was written", hint=_LOST_MEMORY
            )

    def _check_progress(self, sent: int, fresh: int, counts: list[int]) -> None:
        """Hold the device's counts to ours: a piece that was lost or taken twice shows here."""
        samples = ((self._samples or 0) + sent) % _WRAP
        frames = (self._frames + fresh) % _WRAP
        decisions = self._decisions_after(frames)
        if counts != [samples, frames, decisions]:
            self._samples = None
            raise MalformedReply(
                f"{self.name} counts {counts[0]} samples, {counts[1]} frames and {counts[2]} "
                f"decisions, not {samples}, {frames} and {decisions}",
                hint="the stream is broken: reset it and send it again",
            )
        self._samples, self._frames = samples, frames

    def _number_at(self, end_frame: int, first: int) -> int:
        """Return the number of the first decision of a reply, from the frame where it ended."""
        past = end_frame - self._banner.window_frames
        number, rest = divmod(past, self._banner.stream_hop_frames)
        if past < 0 or rest or number < first:
            raise MalformedReply(f"{self.name} decided at frame {end_frame}, where none is due")
        return number

    def _decisions_after(self, frames: int) -> int:
        banner = self._banner
        return decisions_after(
            frames, window_frames=banner.window_frames, hop_frames=banner.stream_hop_frames
        )

    def _check_decision(self, decision: Decision, taken: int) -> None:
        banner = self._banner
        due = banner.window_frames + decision.number * banner.stream_hop_frames
        best = int(np.argmax(decision.sums))
        if decision.number >= taken or decision.end_frame != due or decision.label != best:
            raise MalformedReply(
                f"{self.name} gives label {decision.label} at frame {decision.end_frame} as "
                f"decision {decision.number} of {taken}; its own sums say {best}, at frame {due}"
            )

    def _check_certainty(self, decision: Decision, unsure: int) -> None:
        """Hold whether a decision is unsure to its own probability and the banner's threshold."""
        below = self._banner.unsure_below
        if decision.probability > ONE or unsure != int(decision.probability < below):
            raise MalformedReply(
                f"{self.name} gives decision {decision.number} probability {decision.probability} "
                f"of {ONE} and unsure {unsure}, which its threshold {below} does not"
            )
