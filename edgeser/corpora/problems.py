"""Many problems in few lines: kind, how many, the first few names, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from edgeser.corpora.unread import (
    ANNEX_POINTER,
    ARCHIVE,
    LFS_POINTER,
    OTHER_FORMAT,
    conversion,
    shown,
    unpacking,
)
from edgeser.corpora.utterance import FileProblem
from quantize.foundation.foreign import MOST_QUOTED, printable

_NAMED = 3


def count_kinds(problems: Iterable[FileProblem]) -> dict[str, int]:
    """Return how many problems of each kind there are, by kind."""
    return dict(sorted(Counter(problem.kind for problem in problems).items()))


def problem_rows(problems: Iterable[FileProblem], root: Path) -> list[tuple[str, int, str]]:
    """Return ``(kind, count, text)``: one row a problem, or one a kind of which there are many.

    Names are relative to `root`, on one line, fit for a terminal.
    """
    kinds: dict[str, list[FileProblem]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(problem)
    rows: list[tuple[str, int, str]] = []
    for kind, members in kinds.items():
        if len(members) <= _NAMED:
            rows += [(kind, 1, f"{_name(p, root)}: {_detail(p)}") for p in members]
            continue
        names = ", ".join(_name(problem, root) for problem in members[:_NAMED])
        more = f" and {len(members) - _NAMED:,} more"
        rows.append((kind, len(members), f"{names}{more}; the first: {_detail(members[0])}"))
    return rows


def problem_lines(problems: Iterable[FileProblem], root: Path) -> tuple[str, ...]:
    """Return `problem_rows` as lines of text: ``"KIND (COUNT): NAMES; DETAIL"``."""
    return tuple(
        f"{kind} ({count:,}): {text}" if count > 1 else f"{kind}: {text}"
        for kind, count, text in problem_rows(problems, root)
    )


def advice(problems: Iterable[FileProblem], root: Path) -> str:
    """Return what to do first about a folder in which nothing can be used; empty if unknown."""
    first: dict[str, FileProblem] = {}
    counts: Counter[str] = Counter()
    for problem in problems:
        first.setdefault(problem.kind, problem)
        counts[problem.kind] += 1
    for kind, _ in counts.most_common():
        path = first[kind].path
        if kind == LFS_POINTER:
            return f"run 'git lfs pull' in {shown(root)}"
        if kind == ANNEX_POINTER:
            return f"run 'git annex get .' in {shown(root)}"
        if kind == OTHER_FORMAT:
            return f"convert them to WAV or FLAC, {conversion(path)}"
        if kind == ARCHIVE:
            return f"unpack it first: {unpacking(path)}"
    return ""


def _name(problem: FileProblem, root: Path) -> str:
    path = problem.path
    return printable(str(path.relative_to(root) if path.is_relative_to(root) else path))


def _detail(problem: FileProblem) -> str:
    return printable(problem.detail, limit=2 * MOST_QUOTED)
