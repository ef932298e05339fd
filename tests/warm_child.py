"""A process that has loaded what children need once, and forks for each that is asked for.

Loading TensorFlow and onnx2tf is about half of what a small conversion costs, and loading a runtime
nearly all of what a run does. Started with -P, so that the folders of tests do not hide the
packages they are named after.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys

from quantize.convert import tensorflow_child
from quantize.foundation.child import _serve

LOADED = {
    "conversions": (
        *("onnx", "onnxsim", "tensorflow", "tf_keras", "onnx2tf", "ai_edge_litert.interpreter"),
    ),
    "runs": (
        *("quantize.runtimes.worker", "tflite_micro.python.tflite_micro.runtime"),
        "ai_edge_litert.interpreter",
    ),
}
LONGEST_REQUEST = 1 << 16


def main(kind: str, place: str, home: str) -> None:
    """Answer at a socket until the process that started this one has gone."""
    if kind == "conversions":
        os.environ.update(tensorflow_child._ENVIRONMENT, KERAS_HOME=home)
    with tensorflow_child._left_out():
        for name in LOADED[kind]:
            importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as waiting:
        waiting.bind(place)
        waiting.listen(16)
        while sys.stdin not in select.select([waiting, sys.stdin], [], [])[0]:
            channel, _ = waiting.accept()
            if os.fork() == 0:
                waiting.close()
                attend(channel)
            channel.close()


def attend(channel: socket.socket) -> None:
    """Fork for the one child that is asked for here; end it when nobody waits for it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, streams, _, _ = socket.recv_fds(channel, LONGEST_REQUEST, 3)
    child = os.fork()
    if child == 0:
        channel.close()
        become(json.loads(request), streams)
    for stream in streams:
        os.close(stream)
    watched = os.pidfd_open(child)
    if channel in select.select([channel, watched], [], [])[0]:
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    channel.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def become(arguments: list[str], streams: list[int]) -> None:
    """Be the child that `call_in_child` starts."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.argv = ["child", *arguments]
    code = 1
    try:
        _serve()
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
