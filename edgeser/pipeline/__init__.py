"""From recordings to a report: one stage a file, each a function over frozen records."""
