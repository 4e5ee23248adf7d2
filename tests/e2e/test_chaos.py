"""The short form of scripts/chaos.py: everything is killed at random, and nothing that was promised is lost."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_whatever_is_killed_nothing_acknowledged_is_lost() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "chaos.py"), "--rounds", "4", "--seed", "13"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=115, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing lost" in done.stdout
    assert "killed: broker" in done.stdout
