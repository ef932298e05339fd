"""Being ended from outside: SIGTERM and SIGHUP unwind the work as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)


class Terminated(BaseException):
    """Somebody asked the process to end; children and temporary folders go as it unwinds."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """What a shell shows of a process that a signal ended: 128 and its number."""
        return 128 + self.number


def unwind_when_ended() -> None:
    """Have the signals that end a process raise `Terminated` in the main thread.

    One that is ignored stays so, as `nohup` wants it. A second one changes nothing, so that what is
    cleared away is not cleared by half.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _ENDING:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _unwind)


def _unwind(number: int, frame: FrameType | None) -> None:
    del frame
    for ending in _ENDING:
        signal.signal(ending, signal.SIG_IGN)
    raise Terminated(number)
