"""Put limits on this process, then become another program: for compilers that are not ours."""

from __future__ import annotations

import os
import resource
import sys


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
    os.execv(command[0], command)  # noqa: S606  an argument list, no shell


if __name__ == "__main__":
    # The parent reads what is said here: one line of an OSError is enough.
    sys.tracebacklimit = 0
    main(*sys.argv[1:])
