"""In a process of its own: the runner's own classes, from a clone of its repository, on one port.

Its `main.py` looks for USB devices only, and a pseudo-terminal is none. So this does what that does
after it has found one: the name, the model, the script of that model, its steps. The runner's
modules print, make folders where they are and take over standard output when they are imported,
which is why they run in a process and a folder of their own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(runner: str, port: str, datasets: str, mode: str, result: str) -> None:
    """Run the script that the device's model asks for; write the runner's results as JSON."""
    sys.path.insert(0, runner)
    import yaml
    from datasets import DataSet
    from device_under_test import DUT
    from script import Script

    steps = Path(runner) / ("tests_performance.yaml" if mode == "p" else "tests_accuracy.yaml")
    device = DUT(port, 115200)
    with device:
        name, model = device.get_name(), device.get_model()
    script = Script(yaml.safe_load(steps.read_text())[model])
    clips = DataSet(str(Path(datasets) / script.model), script.truth)
    found = script.run(None, device, clips, mode)
    Path(result).write_text(json.dumps({"name": name, "model": model, "results": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
