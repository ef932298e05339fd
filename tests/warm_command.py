"""A process that has loaded everything once, and forks for each command that it is sent.

Nearly all that a short command costs is loading PyTorch, SciPy and edgeser itself. Started with -P,
so that the folders of tests do not hide the packages they are named after.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import socket
import sys
from pathlib import Path

OF_OTHERS = (
    *("librosa.feature.spectral", "onnx", "safetensors.torch", "scipy.signal", "soundfile"),
    "torch._dynamo",  # which PyTorch's optimisers load
)
OURS = ("quantize", "firmware_bridge", "edgeser")
LONGEST_REQUEST = 1 << 18


def serve(channel: socket.socket) -> list[str]:
    """Answer until the other end closes; in each child, return the command's arguments."""
    while True:
        request, (*streams,), _, _ = socket.recv_fds(channel, LONGEST_REQUEST, 2)
        if not request:
            sys.exit(0)
        child = os.fork()
        if child == 0:
            channel.close()
            return become(json.loads(request), streams)
        for stream in streams:
            os.close(stream)
        channel.send(str(child).encode())
        _, status = os.waitpid(child, 0)
        channel.send(str(os.waitstatus_to_exitcode(status)).encode())


def become(asked: dict[str, object], streams: list[int]) -> list[str]:
    """Take over the streams, the environment and the folder of who asked."""
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(str(asked["cwd"]))
    return list(asked["arguments"])


def load() -> None:
    """Import every module of ours, and what they import only when they need it.

    Studies ask what their jobs import, which is read from some 300 sources: read here once.
    """
    for name in OF_OTHERS:
        importlib.import_module(name)
    for package in OURS:
        places = [*importlib.import_module(package).__path__]
        for module in pkgutil.walk_packages(places, f"{package}."):
            with contextlib.suppress(ImportError):  # of an extra that is not installed
                importlib.import_module(module.name)
    importlib.import_module("edgeser.study.code").sources_of(["edgeser.pipeline.jobs.training"])


def fork_children() -> None:
    """Have children forked too: the tests' other modules are not on this process's path."""
    place = Path(__file__).with_name("children.py")
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec is not None and spec.loader is not None
    children = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(children)
    children.install(all_seen=True)  # by the first command of each verb, which is started anew
    children.install_jobs(importlib.import_module("edgeser.study.child"))


def main() -> None:
    gc.disable()  # nothing of what is imported is garbage, and looking takes long
    load()
    fork_children()
    gc.freeze()
    gc.enable()
    arguments = serve(socket.socket(fileno=int(sys.argv[1])))
    sys.argv = ["edgeser", *arguments]
    from edgeser.cli import main as command

    try:
        command()
    except SystemExit as ended:
        code = ended.code
    atexit._run_exitfuncs()
    os._exit(int(code or 0))  # taking apart all that is loaded would touch, so copy, its memory


if __name__ == "__main__":
    main()
