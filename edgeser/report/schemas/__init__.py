"""JSON that edgeser writes: a file for each kind, with its schema's name (docs/json-schemas.md)."""
