"""Models as a library that others vendor: the same sources, laid out as each ecosystem expects."""

from firmware_bridge.forms.layouts import FORMS
from firmware_bridge.forms.library import library_contents
from firmware_bridge.forms.library_form import Form, Library, LibraryModel

__all__ = ["FORMS", "Form", "Library", "LibraryModel", "library_contents"]
