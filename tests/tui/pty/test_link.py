"""A slow line, by scripts/bench/bench_link.py: the editor neither stalls nor sends what is out of date."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "scripts" / "bench" / "bench_link.py"


def test_half_an_hour_on_a_slow_line_does_not_stall_the_editor() -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TEXTUAL")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--json", "--seconds", "3"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["fast"]["keys"] == found["slow"]["keys"] == 75
    assert found["fast"]["bytes"] > 3 * 60_000, "what was asked for is more than the line takes"
    assert found["slow"]["bytes"] < found["fast"]["bytes"] / 1.5, "pictures that were out of date were sent"
    assert found["slow"]["stall ms"] <= found["fast"]["stall ms"] + 2 * 50, "twice the budget: others work here too"
    assert found["slow"]["settled ms"] < 2500, "the last picture waits behind others"
