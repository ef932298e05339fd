"""Corpora as they are published, and recordings of one's own: one adapter a file."""
