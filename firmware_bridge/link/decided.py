"""Which decisions are due on a stream, and what a device may say of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_bridge.certainty import ONE
from firmware_bridge.link.banner import Banner
from firmware_bridge.link.errors import MalformedReply
from firmware_bridge.streaming import Decision, decisions_after


@dataclass(frozen=True, slots=True)
class Due:
    """Holds a device's decisions to the settings in its own banner.

    Parameters
    ----------
    name
        The device's address.
    banner
        What it said of itself.
    """

    name: str
    banner: Banner

    def after(self, frames: int) -> int:
        """Return how many decisions are taken after so many frames."""
        banner = self.banner
        return decisions_after(
            frames, window_frames=banner.window_frames, hop_frames=banner.stream_hop_frames
        )

    def number_at(self, end_frame: int, first: int) -> int:
        """Return the number of the first decision of a reply, from the frame where it ended."""
        past = end_frame - self.banner.window_frames
        number, rest = divmod(past, self.banner.stream_hop_frames)
        if past < 0 or rest or number < first:
            raise MalformedReply(f"{self.name} decided at frame {end_frame}, where none is due")
        return number

    def check(self, decision: Decision, taken: int, unsure: int) -> None:
        """Refuse a decision of `taken` that contradicts itself; `unsure` is as it came."""
        banner = self.banner
        due = banner.window_frames + decision.number * banner.stream_hop_frames
        best = int(np.argmax(decision.sums))
        if decision.number >= taken or decision.end_frame != due or decision.label != best:
            raise MalformedReply(
                f"{self.name} gives label {decision.label} at frame {decision.end_frame} as "
                f"decision {decision.number} of {taken}; its own sums say {best}, at frame {due}"
            )
        below = banner.unsure_below
        if decision.probability > ONE or unsure != int(decision.probability < below):
            raise MalformedReply(
                f"{self.name} gives decision {decision.number} probability {decision.probability} "
                f"of {ONE} and unsure {unsure}, which its threshold {below} does not"
            )
