"""A job: one piece of work that depends on nothing but what its key says."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

JsonObject = Mapping[str, Any]
"""An object of JSON: texts, finite numbers, true, false, null, lists and objects."""
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Job:
    """What one worker does in one go.

    Parameters
    ----------
    key
        SHA-256 in hexadecimal of all that the result depends on: see `job_key`.
    name
        For people: variant, seed, fold, corpora.
    task
        A name of the table of tasks (`edgeser.study.tasks`); no code travels with a job.
    arguments
        What the task's function is given: a JSON object.
    cpus
        Processors that it keeps busy; the threads of its libraries are limited to so many, so that
        its result does not depend on how many jobs run at once.

    Raises
    ------
    BadInput
        When the key is none, the arguments are no JSON, or `cpus` is below 1.
    """

    key: str
    name: str
    task: str
    arguments: JsonObject
    cpus: int = 1

    def __post_init__(self) -> None:
        if not is_key(self.key):
            raise BadInput(f"{printable(self.key)!r} is no key of a job", hint="use job_key")
        if not 1 <= self.cpus <= 1024:
            raise BadInput(f"a job asks for {self.cpus} processors", hint="choose 1 to 1024")
        canonical_json(self.arguments)


def job_key(inputs: JsonObject, *, code: str) -> str:
    """Return the key of a job: SHA-256 over its inputs and the version of the code it uses.

    Parameters
    ----------
    inputs
        Everything that shapes the result: hashes of recipe and recordings, corpora, seed, ...
        Nothing that does not, such as a path of this machine or the name of a variant.
    code
        See `edgeser.study.code.code_version`.
    """
    return hashlib.sha256(canonical_json({"inputs": inputs, "code": code})).hexdigest()


def is_key(text: str) -> bool:
    """Return whether `text` is 64 hexadecimal digits, as a key is."""
    return _KEY.fullmatch(text) is not None


def canonical_json(value: Any) -> bytes:
    """Return the one form of a JSON value: keys in order, no spaces, ASCII.

    Raises
    ------
    BadInput
        When it is no JSON: a NaN, an infinity, bytes, an object of ours, lists without end.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"this is no JSON: {printable(str(error))}", hint="see edgeser.study") from (
            error
        )
    return text.encode("ascii")
