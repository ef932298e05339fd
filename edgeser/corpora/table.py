"""Small tables: comma, semicolon or tab between the values, UTF-8, UTF-16 or UTF-32."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from edgeser.corpora.unread import magic, unpacking
from quantize.foundation.errors import BadInput
from quantize.foundation.files import is_lfs_pointer, read_bounded

_TABLE_BYTES = 64 << 20
_MOST_DIGITS = 9
_MARKS = (  # UTF-32's little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_ZEROS = (((False, True, False, True), "utf-16-le"), ((True, False, True, False), "utf-16-be"))
_QUOTED = re.compile(r'"[^"]*"')
_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


@dataclass(frozen=True, slots=True)
class Table:
    """A small table: its columns, its rows by column, and the line on which each row ends."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    lines: tuple[int, ...]

    def missing(self, *wanted: str) -> list[str]:
        """Return which of the `wanted` columns are not there."""
        return [column for column in wanted if column not in self.columns]


def read_table(path: Path, *, delimiter: str | None = None, exact: bool = False) -> Table:
    """Read a small table in UTF-8, UTF-16 or UTF-32; its first line names the columns.

    Blanks around values are dropped, and empty lines left out. With tabs given as delimiter,
    quotation marks are plain text.

    Parameters
    ----------
    delimiter
        Between values; when `None`, whichever of ``, ; tab |`` the first line has most of.
    exact
        Read the names of columns in lower case; refuse doubled ones, and rows that have more or
        fewer values than there are columns. Without it missing values are empty and surplus
        ones are left out.

    Raises
    ------
    BadInput
        When it is missing, larger than 64 MiB, not UTF-8 or not a table.
    """
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    try:
        text, told = _first_line_told(_text(path))
        between = delimiter or told or _delimiter(text)
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=between,
            quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL,
            strict=True,
        )
        columns = tuple(name.strip() for name in next(reader, []))
        if exact:
            columns = tuple(name.lower() for name in columns)
            while columns and not columns[-1]:  # a spreadsheet's empty columns
                columns = columns[:-1]
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            while exact and len(values) > len(columns) and not values[-1].strip():
                values.pop()
            if exact and len(values) != len(columns):
                raise BadInput(
                    f"{path}, line {reader.line_num}: {len(values)} values for "
                    f"{len(columns)} columns",
                    hint=f"put values that hold {_NAMES[between]} in quotation marks",
                )
            padded = values + [""] * (len(columns) - len(values))
            rows.append(dict(zip(columns, (value.strip() for value in padded), strict=False)))
            lines.append(reader.line_num)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            f"cannot read the table {path}: {error}", hint="save it as CSV in UTF-8"
        ) from error
    if exact and len(set(columns)) != len(columns):
        raise BadInput(f"{path} names a column twice", hint="give each column its own name")
    return Table(columns, tuple(rows), tuple(lines))


def whole(text: str) -> int | None:
    """Return the whole number that a value is, of at most nine digits; `None` where it is none."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def _text(path: Path) -> str:
    data = read_bounded(path, limit_bytes=_TABLE_BYTES)
    if is_lfs_pointer(data):
        raise BadInput(
            f"cannot read the table {path}: it is a Git-LFS pointer, not the table",
            hint="run 'git lfs pull' in its folder",
        )
    if (what := magic(path)) is not None:
        raise BadInput(
            f"cannot read the table {path}: it is {what} or a spreadsheet",
            hint=f"save a spreadsheet as CSV in UTF-8; unpack an archive: {unpacking(path)}",
        )
    return data.decode(_encoding(data))


def _encoding(data: bytes) -> str:
    """Tell how text is written by its mark, or by which bytes of its first letters are zero."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    zeros = tuple(byte == 0 for byte in data[:4])
    return next((name for place, name in _ZEROS if place == zeros), "utf-8")


def _first_line_told(text: str) -> tuple[str, str | None]:
    """Take off a spreadsheet's first line ``sep=;``; return the rest and what it says."""
    line, _, rest = text.partition("\n")
    told = line.strip().strip('"').lower()
    if told.startswith("sep=") and told[4:5] in _NAMES:
        return rest, told[4:5]
    if line.rstrip("\r") == "sep=\t":
        return rest, "\t"
    return text, None


def _delimiter(text: str) -> str:
    """Return what the first line has most of outside quotation marks; else a comma."""
    first = _QUOTED.sub("", next((line for line in text.splitlines() if line.strip()), ""))
    return max(_NAMES, key=first.count)
