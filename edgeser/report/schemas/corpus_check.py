"""What is found of a corpus: its clips, and what is wrong with its files."""

from __future__ import annotations

from edgeser.corpora.audio.sound import (
    CLIPPED_SHARE,
    NOTHING_DBFS,
    QUIET_DBFS,
    SHORTEST_SECONDS,
    STEADY_DB,
)
from edgeser.corpora.check import CorpusCheck, counts_by_name
from edgeser.corpora.problems import count_kinds
from edgeser.report.schemas.form import Json

CORPUS_CHECK_SCHEMA = "edgeser.corpus-check/1"


def corpus_check_json(found: CorpusCheck) -> Json:
    """Return the findings as a JSON object, schema ``edgeser.corpus-check/1``."""
    by_id = {clip.clip_id: clip for clip in found.clips}
    return {
        "schema": CORPUS_CHECK_SCHEMA,
        "corpus": found.corpus,
        "root": found.root,
        "synthetic": found.synthetic,
        "clean": found.clean,
        "usable": found.usable,
        "readable_clips": len(found.clips),
        "seconds": round(sum(clip.seconds for clip in found.clips), 3),
        "thresholds": {
            "clipped_share": CLIPPED_SHARE,
            "nothing_dbfs": NOTHING_DBFS,
            "quiet_dbfs": QUIET_DBFS,
            "steady_db": STEADY_DB,
            "shortest_seconds": SHORTEST_SECONDS,
        },
        "problem_kinds": count_kinds(found.problems),
        "problems": [
            {"path": str(p.path), "kind": p.kind, "detail": p.detail} for p in found.problems
        ],
        "clipped": [
            {"clip_id": name, "share": round(by_id[name].clipped_share, 6)}
            for name in found.clipped
        ],
        "silent": [
            {
                "clip_id": name,
                "rms_dbfs": round(by_id[name].rms_dbfs, 1),
                "loud_dbfs": by_id[name].loud_dbfs,
                "floor_dbfs": by_id[name].floor_dbfs,
            }
            for name in found.silent
        ],
        "too_short": [
            {"clip_id": name, "seconds": round(by_id[name].seconds, 3)} for name in found.too_short
        ],
        "duplicates": [list(group) for group in found.duplicates],
        "contradictions": [list(group) for group in found.contradictions],
        "labels": found.labels,
        "speakers": found.speakers,
        "sexes": found.sexes,
        "splits": found.splits,
        "split_source": found.split_source,
        "label_kind": found.label_kind,
        "anonymous_clips": found.anonymous,
        "clips_with_vad": found.rated,
        "sample_rates": counts_by_name(str(clip.sample_rate) for clip in found.clips),
        "channels": counts_by_name(str(clip.channels) for clip in found.clips),
    }
