"""Put limits on this process, then become another program: for programs that are not ours.

It is run as a script by an isolated Python, so it stands by itself.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def end_with_parent() -> None:
    """Have the kernel kill this process when the one that started it is gone, however it went.

    It holds for the program that the process becomes too. Linux only; elsewhere nothing is done.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def main(memory: str, largest_file: str, *command: str) -> None:
    """Become `command` with at most so many bytes of memory and of any file that it writes.

    Raises
    ------
    OSError
        When there is no such program or it cannot be started here.
    """
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest_file), int(largest_file)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    end_with_parent()
    os.execv(command[0], command)  # noqa: S606  an argument list, no shell


if __name__ == "__main__":
    # The parent reads what is said here: one line of an OSError is enough.
    sys.tracebacklimit = 0
    main(*sys.argv[1:])
