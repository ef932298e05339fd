"""The process of one job: reads what to do from stdin, answers on stdout, all in JSON.

Whatever the task itself writes to stdout or stderr goes to the job's log, which is its stderr.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from edgeser.study.jobs import canonical_json
from edgeser.study.tasks import function_at
from quantize.foundation.ending import end_without_collecting
from quantize.foundation.errors import EdgeserError
from quantize.foundation.launch import end_with_parent


def main() -> None:
    """Do one job; an unforeseen error leaves its traceback in the log, and exit code 1."""
    end_with_parent()
    end_without_collecting()
    answer = os.dup(1)
    os.dup2(2, 1)
    given = json.loads(sys.stdin.buffer.read())
    said = canonical_json(_answer(given["function"], given["arguments"]))
    with os.fdopen(answer, "wb") as out:
        out.write(said)


def _answer(place: str, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        result = function_at(place)(arguments)
        canonical_json(result)
    except EdgeserError as error:
        return {"error": str(error)}
    except MemoryError as error:
        return {"error": f"out of memory: {error}".removesuffix(": ")}
    return {"result": result}


if __name__ == "__main__":
    main()
