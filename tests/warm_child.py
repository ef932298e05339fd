"""A process that has loaded what children need once, and forks for each that is asked for.

Loading TensorFlow and onnx2tf is about half of what a small conversion costs, and loading a runtime
nearly all of what a run does. Started with -P, so that the folders of tests do not hide the
packages they are named after.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    "jobs": (),
}
LONGEST_REQUEST = 1 << 18


def main(kind: str, place: str, home: str) -> None:
    """Answer at a socket until the process that started this one has gone."""
    if kind == "conversions":
        os.environ.update(tensorflow_child._ENVIRONMENT, KERAS_HOME=home)
    gc.disable()  # nothing of what is imported is garbage, and looking takes long
    with tensorflow_child._left_out():
        for name in LOADED[kind]:
            importlib.import_module(name)
    become = be_child
    if kind == "jobs":
        neighbour("warm_command").load()
        become = be_job
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as waiting:
        waiting.bind(place)
        waiting.listen(16)
        while sys.stdin not in select.select([waiting, sys.stdin], [], [])[0]:
            channel, _ = waiting.accept()
            if os.fork() == 0:
                waiting.close()
                attend(channel, become)
            channel.close()


def neighbour(name: str) -> Any:
    """Load a file beside this one: the tests' modules are not on the path."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def attend(channel: socket.socket, become: Callable[[Any], None]) -> None:
    """Fork for the one child that is asked for here; end it when nobody waits for it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, streams, _, _ = socket.recv_fds(channel, LONGEST_REQUEST, 3)
    child = os.fork()
    if child == 0:
        channel.close()
        take_over(json.loads(request), streams, become)
    for stream in streams:
        os.close(stream)
    watched = os.pidfd_open(child)
    if channel in select.select([channel, watched], [], [])[0]:
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    channel.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def be_child(arguments: list[str]) -> None:
    """Be the child that `call_in_child` starts."""
    sys.argv = ["child", *arguments]
    _serve()


def be_job(asked: dict[str, Any]) -> None:
    """Be the process of a study's job, for `warm_job.py`."""
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["cwd"])
    importlib.import_module("edgeser.study.worker").main()


def take_over(asked: Any, streams: list[int], become: Callable[[Any], None]) -> None:
    """Be the process that was asked for, with the streams of who asked, to its end."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    code = 1
    try:
        become(asked)
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
