"""Charts as SVG without script, and what they are drawn with."""
