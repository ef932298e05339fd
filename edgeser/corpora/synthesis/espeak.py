"""espeak-ng, a speech synthesiser, in a child process of its own: no shell, bounded in all ways."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import read_audio
from quantize.foundation import launch
from quantize.foundation.errors import BadInput, InternalError, ToolMissing
from quantize.foundation.foreign import printable
from quantize.foundation.processes import run

PROGRAM = "espeak-ng"
HINT = "install it (Debian: apt-get install espeak-ng)"
_TIMEOUT_S = 30.0
_MEMORY_BYTES = 1 << 30
_FILE_BYTES = 8 << 20
_LONGEST_S = 30.0
_VERSION = re.compile(r"eSpeak NG text-to-speech: ([\w.+~-]{1,40})")


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said.

    Parameters
    ----------
    voice
        espeak-ng's name of language and variant, such as ``"en-us+f2"``.
    words_a_minute
        80 to 450.
    pitch
        Of the voice, 0 to 99; 50 is its own.
    movement
        How far the pitch moves, as a share of what the voice does by itself; 0 is a monotone.
    """

    voice: str
    words_a_minute: int
    pitch: int
    movement: float


@dataclass(frozen=True, slots=True)
class Espeak:
    """The program that is installed.

    Parameters
    ----------
    path
        Where it is.
    version
        What it says of itself: another version speaks otherwise.
    """

    path: Path
    version: str

    def say(self, text: str, manner: Manner, folder: Path) -> NDArray[np.int16]:
        """Say a text.

        Parameters
        ----------
        text
            Plain text; no markup is read in it.
        folder
            Where a temporary file may be written.

        Returns
        -------
        samples
            int16 ``[samples]`` at 16 kHz.

        Raises
        ------
        BadInput
            When the voice is not installed.
        InternalError
            When it fails, takes longer than 30 s, or writes nothing that can be read.
        """
        plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        share = f"{100 * manner.movement:.0f}%"
        marked = f'<speak><prosody range="{share}">{plain}</prosody></speak>'
        out = folder / "said.wav"
        out.unlink(missing_ok=True)
        arguments = ["-m", "-z", "-b", "1", "--stdin", "-v", manner.voice, "-w", str(out)]
        arguments += ["-s", str(manner.words_a_minute), "-p", str(manner.pitch)]
        done = _run([str(self.path), *arguments], marked.encode())
        if done.returncode or not out.is_file():
            said = printable(done.stderr.strip() or b"nothing")
            if b"voice" in done.stderr.lower():
                missing = f"{PROGRAM} {self.version} has no voice {manner.voice}"
                raise BadInput(f"{missing}: it said {said}", hint=HINT)
            raise InternalError(f"{PROGRAM} {self.version} failed: it said {said}", hint=HINT)
        try:
            return read_audio(out, max_seconds=_LONGEST_S)
        except BadInput as error:
            raise InternalError(f"{PROGRAM} wrote no sound: {error.message}", hint=HINT) from error


def find_espeak() -> Espeak:
    """Find espeak-ng on PATH and ask for its version.

    Raises
    ------
    ToolMissing
        When it is not there, or does not answer as it does.
    """
    path = shutil.which(PROGRAM)
    if path is None:
        raise ToolMissing(f"{PROGRAM} is not installed: it speaks the sentences", hint=HINT)
    said = _run([path, "--version"], b"").stdout
    match = _VERSION.match(said.decode("ascii", "replace"))
    if match is None:
        raise ToolMissing(
            f"{path} does not answer as {PROGRAM} does; it said: {printable(said or b'nothing')}",
            hint=HINT,
        )
    return Espeak(Path(path), match[1])


def _run(command: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    limits = [str(_MEMORY_BYTES), str(_FILE_BYTES)]
    launcher = [sys.executable, "-I", launch.__file__, *limits, *command]
    try:
        return run(launcher, timeout_s=_TIMEOUT_S, given=given)
    except subprocess.TimeoutExpired as error:
        raise InternalError(
            f"{PROGRAM} took longer than {_TIMEOUT_S:g} s and was stopped", hint=HINT
        ) from error
    except OSError as error:
        raise ToolMissing(f"{PROGRAM} cannot be started: {error.strerror}", hint=HINT) from error
