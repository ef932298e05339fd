"""Put limits on this process, then become another program: for compilers that are not ours."""

from __future__ import annotations

import os
import resource
import sys

CANNOT_START = 127


def main(arguments: list[str]) -> int:
    """Run ``arguments[2:]`` with at most so many bytes of memory and of any file it writes."""
    memory, largest_file, *command = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest_file), int(largest_file)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        os.execv(command[0], command)  # noqa: S606  an argument list, no shell
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error.strerror}\n".encode())
    return CANNOT_START


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
