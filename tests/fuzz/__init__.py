"""Mutants of every format that edgeser reads: each is read, or refused in one typed line.

`python -m tests.fuzz --count 10000 --seed 7` makes fresh ones; the suite tries a few of each.
"""
