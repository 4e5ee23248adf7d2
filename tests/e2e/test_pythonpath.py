"""Modules of the same names in a folder of PYTHONPATH: the command, the daemon and its workers are not confused."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture
def shadows(tmp_path: Path) -> Path:
    """Every name that would stop a process of ours, broken."""
    folder = tmp_path / "shadows"
    (folder / "numpy").mkdir(parents=True)
    (folder / "numpy" / "__init__.py").write_text("raise ImportError('an old numpy')\n")
    for name in ("daemon", "protocol", "tui", "queue", "socket", "msgspec", "zmq", "torch"):
        (folder / f"{name}.py").write_text(f"raise RuntimeError('the wrong {name}')\n")
    return folder


def test_the_command_and_its_daemon_ignore_them(shadows: Path, tmp_path: Path) -> None:
    """The installed command, as a shell starts it: the daemon comes up and its engine is asked for by name."""
    program = Path(sys.executable).with_name("allele")
    if not program.exists():
        pytest.skip("the command is not installed beside this Python (scripts/setup)")
    environment = {**os.environ, "ALLELE_HOME": str(tmp_path / "home"), "PYTHONPATH": str(shadows)}

    def allele(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [program, *words], env=environment, cwd=shadows.parent, capture_output=True, text=True, check=False
        )

    started = allele("daemon", "start")
    try:
        assert started.returncode == 0, started.stderr
        listed = allele("corpus", "list")
        assert (listed.returncode, listed.stderr) == (0, "")
        assert "the wrong" not in allele("daemon", "status").stdout
    finally:
        assert allele("daemon", "stop").returncode == 0


def test_the_doctor_names_them(shadows: Path, fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(shadows))
    (shadows / "tui.py").unlink()  # `python -m tui`, as tests start it, would be that one
    running = fresh.start("doctor", "--json")  # a process that begins with this PYTHONPATH
    printed, problem = running.communicate(timeout=110)
    assert running.returncode == 0, problem
    python, torch = (
        next(c for c in json.loads(printed)["checks"] if c["name"] == name) for name in ("python", "torch")
    )
    assert str(shadows) in python["detail"] and "unset PYTHONPATH" in python["hint"]
    assert torch["status"] == "ok", torch
