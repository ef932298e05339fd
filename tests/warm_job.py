"""Stands for the process of a study's job, which a warm process is asked to fork.

Whoever looks at it, kills it or waits for it does so to the job. Run as a script by an isolated
Python: starting it costs next to nothing.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path


def main(folder: str, *command: str) -> None:
    """Hand the streams, the environment and the working folder over; end as the job ends.

    Become the command itself where no warm process answers.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
        try:
            channel.connect(f"/proc/self/fd/{os.open(folder, os.O_RDONLY)}/socket")
        except (FileNotFoundError, ConnectionRefusedError):
            os.execv(command[0], command)  # noqa: S606  an argument list, no shell
        asked = json.dumps({"environment": dict(os.environ), "cwd": str(Path.cwd())})
        socket.send_fds(channel, [asked.encode()], [0, 1, 2])
        code = int(channel.recv(64))
    if code < 0:
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
