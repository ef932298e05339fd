"""What each C file says of its licence, in its first line, as SPDX has it."""

from __future__ import annotations

IDENTIFIER = "SPDX-License-Identifier: Apache-2.0"
OURS = f"/* {IDENTIFIER} */"
"""Of what comes from here."""
MODELS = f"/* {IDENTIFIER} AND LicenseRef-model */"
"""Of what was made of a model: the calls are ours; for weights, tables and statistics in between
the model's own licence says what may be done with them."""
