"""What came of each clip, and the folder in which it is kept: table, manifest, clips."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from edgeser.corpora.layouts.generic import LABEL_COLUMN, MANIFEST, OPTIONAL_COLUMNS
from edgeser.corpora.layouts.rerecorded import ABOUT, SCHEMA, About, about_bytes, read_about
from edgeser.corpora.synthesis.made import write_manifest
from edgeser.corpora.table import read_table
from edgeser.rerecord.playlist import PlayList
from quantize.foundation.errors import BadInput, EdgeserError
from quantize.foundation.files import file_error, require_writable, sha256_of_file, write_atomically

TABLE = "clips.csv"
AUDIO = "audio"
CUT = "cut"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One clip.

    Parameters
    ----------
    clip, block
        Its name, and the number of its block.
    state
        `CUT`, or why it is not there, one line.
    recording
        The name of the file in which it was found; empty where it was not.
    delay_s
        From where it is in its file to where it is in the recording, in seconds.
    drift_ppm
        By how much the recorder's clock is faster than the player's.
    chirps, correlation
        Of the fainter chirp of its block, and of the clip, with what was played; 0 to 1.
    lag
        By how many samples it comes late; empty where it cannot be told.
    sha256
        Of its file.
    """

    clip: str
    block: int
    state: str = CUT
    recording: str = ""
    delay_s: float | None = None
    drift_ppm: float | None = None
    chirps: float | None = None
    correlation: float | None = None
    lag: float | None = None
    sha256: str = ""

    def refused(self, why: str) -> Outcome:
        """Return it as not there."""
        return replace(self, state=why)

    def fitted(self, correlation: float, lag: float | None) -> Outcome:
        """Return it with how it fits what was played."""
        return replace(self, correlation=correlation, lag=lag)

    def written(self, sha256: str) -> Outcome:
        """Return it as there."""
        return replace(self, state=CUT, sha256=sha256)


_COLUMNS = tuple(field.name for field in fields(Outcome))
_NUMBERS = ("delay_s", "drift_ppm", "chirps", "correlation", "lag")
_DIGITS = {"delay_s": 6, "drift_ppm": 2, "chirps": 3, "correlation": 3, "lag": 2}


@dataclass(frozen=True, slots=True)
class OutcomeFolder:
    """The folder of a corpus that is recorded again."""

    root: Path
    playlist: PlayList

    @classmethod
    def of(cls, root: Path, playlist: PlayList) -> OutcomeFolder:
        """Take a folder for the clips of a play list: a new or empty one, or one that has some.

        Raises
        ------
        BadInput
            When it holds something else, or cannot be written.
        """
        require_writable(root / ABOUT)
        try:
            taken = root.exists() and any(root.iterdir())
        except OSError as error:
            raise file_error(error, root, "write clips to") from error
        if taken and not (root / ABOUT).is_file():
            raise BadInput(
                f"cannot write clips to {root}: it holds something else",
                hint="choose a new or empty folder",
            )
        if taken and read_about(root).list_id != playlist.list_id:
            raise BadInput(
                f"{root} holds clips of another play list",
                hint="choose a new folder, or give that list",
            )
        return cls(root, playlist)

    def begin(self) -> None:
        """Write what will be in the folder, before the first clip is."""
        playlist = self.playlist
        about = About(
            SCHEMA,
            playlist.list_id,
            playlist.corpus,
            playlist.licence,
            playlist.citation,
            playlist.synthetic,
            playlist.label_kind,
        )
        write_atomically(self.root / ABOUT, about_bytes(about))

    def path_of(self, clip: str) -> Path:
        """Return where a clip is."""
        return self.root / AUDIO / f"{clip}.wav"

    def earlier(self) -> dict[str, Outcome]:
        """Return what came of clips before; one whose file is not as it was written is left out."""
        path = self.root / TABLE
        if not path.is_file():
            return {}
        blocks = {c.name: n for n, block in enumerate(self.playlist.blocks) for c in block.clips}
        found: dict[str, Outcome] = {}
        try:
            rows = read_table(path).rows
        except BadInput:
            return {}
        for row in rows:
            name = row.get("clip", "")
            if name in blocks and (outcome := self._read(row, blocks[name])) is not None:
                found[name] = outcome
        return found

    def write(self, outcomes: Mapping[str, Outcome]) -> None:
        """Write the table and the manifest, each whole or not at all."""
        table = io.StringIO(newline="")
        writer = csv.DictWriter(table, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        rows = []
        label = "emotion" if self.playlist.label_kind == "emotions" else LABEL_COLUMN
        columns = (label, "speaker", *OPTIONAL_COLUMNS)
        for block in self.playlist.blocks:
            for clip in block.clips:
                outcome = outcomes.get(clip.name)
                if outcome is None:
                    continue
                writer.writerow(_texts(outcome))
                if outcome.state == CUT:
                    known = {column: clip.row.get(column, "") for column in columns}
                    rows.append({"path": f"{AUDIO}/{clip.name}.wav", **known})
        if rows:
            used = [c for c in rows[0] if c in ("path", *columns[:2]) or any(r[c] for r in rows)]
            write_manifest(self.root / MANIFEST, [{c: row[c] for c in used} for row in rows])
        write_atomically(self.root / TABLE, table.getvalue().encode())

    def _read(self, row: Mapping[str, str], block: int) -> Outcome | None:
        """Return a row of the table as it was written, `None` where it cannot be believed."""
        numbers: dict[str, float | None] = {}
        for name in _NUMBERS:
            try:
                value = float(row.get(name) or "nan")
            except ValueError:
                return None
            numbers[name] = value if math.isfinite(value) else None
        state, sha256 = row.get("state", ""), row.get("sha256", "")
        outcome = Outcome(
            row["clip"], block, state, row.get("recording", ""), **numbers, sha256=sha256
        )
        if state != CUT:
            return outcome if state else None
        try:
            same = sha256_of_file(self.path_of(outcome.clip)) == sha256
        except EdgeserError:
            return None
        return outcome if same else None


def _texts(outcome: Outcome) -> dict[str, str]:
    """Return a row of the table."""
    texts = {}
    for name, value in asdict(outcome).items():
        rounded = name in _DIGITS and value is not None
        texts[name] = (
            f"{value:.{_DIGITS[name]}f}" if rounded else "" if value is None else str(value)
        )
    return texts
