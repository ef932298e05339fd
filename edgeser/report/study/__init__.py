"""A study's table, its map and its gaps between groups: as text, JSON, Markdown and HTML."""
