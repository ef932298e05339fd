"""Recordings and corpora explained by a bundle's int8 model."""
