"""What the reader of .tflite files has to say of one, as it stands in several schemas."""

from __future__ import annotations

from edgeser.report.schemas.form import Json
from quantize.tflite.remarks import Oddity, Unread


def oddity_json(oddity: Oddity) -> Json:
    """Return what is odd, and used all the same."""
    return {"where": oddity.where, "what": oddity.what}


def unread_json(unread: Unread) -> Json:
    """Return why a file is not used."""
    return {"where": unread.where, "what": unread.what, "advice": unread.advice}
