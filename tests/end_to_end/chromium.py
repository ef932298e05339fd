"""A headless Chromium, driven over the pipe of its DevTools protocol: no library, no port."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--mute-audio", "--remote-debugging-pipe",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
_PATIENCE_S = 90.0


class Page:
    """A tab: what is asked of it, and what its console said."""

    def __init__(self, program: subprocess.Popen[bytes]) -> None:
        self._program = program
        self._number = 0
        self._pending = b""
        self._session: str | None = None
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")
        self.requests: list[str] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return what a method of the protocol answers."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps(message).encode() + b"\0")
        self._program.stdin.flush()
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            answer = self._next(deadline, method)
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result
            self._hear(answer)

    def _next(self, deadline: float, method: str) -> dict[str, Any]:
        assert self._program.stdout is not None
        while b"\0" not in self._pending:
            left = deadline - time.monotonic()
            assert left > 0, f"no answer to {method}; the page said {self.complaints}"
            if select.select([self._program.stdout], [], [], left)[0]:
                piece = os.read(self._program.stdout.fileno(), 1 << 20)
                assert piece, "the browser is gone"
                self._pending += piece
        first, self._pending = self._pending.split(b"\0", 1)
        found: dict[str, Any] = json.loads(first)
        return found

    def _hear(self, event: dict[str, Any]) -> None:
        method, given = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(given["exceptionDetails"])[:1000])
        elif method == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
            self.complaints.append(given["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])

    def open(self, path: Path, *, before: str = "") -> None:
        """Open a file, and forget what others complained of; `before` is run before its scripts."""
        added = self.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        self.complaints.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.until("document.readyState === 'complete'")
        self.call("Page.removeScriptToEvaluateOnNewDocument", **added)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, awaited where it is a promise."""
        answer = self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + _PATIENCE_S
        while not self.evaluate(condition):
            text = "document.body.innerText.slice(0, 1500)"
            assert time.monotonic() < deadline, (condition, self.evaluate(text), self.complaints)
            time.sleep(0.05)

    def bytes_of(self, expression: str) -> bytes:
        """Return the bytes of a typed array."""
        packed = self.evaluate(
            f"(() => {{ const a = {expression}; let s = '';"
            "for (const b of new Uint8Array(a.buffer, a.byteOffset, a.byteLength))"
            " s += String.fromCharCode(b); return btoa(s); })()"
        )
        return base64.b64decode(packed)

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        """Give files to an input, as its dialogue would."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in files])

    def screenshot(self, path: Path, *, width: int, dark: bool = False) -> None:
        """Save the whole page as it looks at a width."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        time.sleep(0.4)
        found = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def chromium(profile: Path, *flags: str) -> Iterator[Page]:
    """Start a browser with an empty profile; skip where there is none."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    # It reads and writes the protocol at descriptors 3 and 4.
    command = ["sh", "-c", 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1', program, *_FLAGS]
    command += [f"--user-data-dir={profile}", *flags, "about:blank"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as browser:
        try:
            yield Page(browser)
        finally:
            os.killpg(browser.pid, 9)
