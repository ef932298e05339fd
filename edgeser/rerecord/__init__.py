"""A corpus through a real microphone: play it between chirps, cut what was recorded into clips."""

from edgeser.rerecord.cutting import Rerecorded, cut
from edgeser.rerecord.outcome import CUT, Outcome
from edgeser.rerecord.play import Played, PlaySettings, write_playlist
from edgeser.rerecord.playlist import PlayList, read_playlist

__all__ = [
    "CUT",
    "Outcome",
    "PlayList",
    "PlaySettings",
    "Played",
    "Rerecorded",
    "cut",
    "read_playlist",
    "write_playlist",
]
