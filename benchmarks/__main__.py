"""Run every benchmark: ``python -m benchmarks``."""

from __future__ import annotations

from benchmarks import command, corpus_features, device, explain, frontend, network, study

if __name__ == "__main__":
    for module in (frontend, corpus_features, device, network, explain, study, command):
        module.main()
        print()
