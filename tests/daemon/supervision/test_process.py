"""Children as they are born and as they die."""

import sys
import time
from pathlib import Path

import pytest

from daemon.supervision.pipe import PipeError
from daemon.supervision.process import last_line, spawn
from protocol import children
from protocol.logs import output_since


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program that writes its environment where a child's complaints go, and ends."""
    (tmp_path / "show_environment.py").write_text(
        "import os, sys\nprint(os.environ['OMP_WAIT_POLICY'], file=sys.stderr)\nsys.exit(3)\n"
    )
    program = [sys.executable, str(tmp_path / "show_environment.py")]  # children look for modules in no such folder
    monkeypatch.setattr(children, "command", lambda _, *arguments: [*program, *arguments])
    return "show_environment"


async def test_children_do_not_spin_while_their_threads_wait(tmp_path: Path, module: str) -> None:
    child = await spawn(module, tmp_path / "child.log")
    with pytest.raises(PipeError):
        await child.read()
    assert await child.ended(10.0) == "it ended with status 3: PASSIVE"


async def test_what_the_person_set_stands(tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    child = await spawn(module, tmp_path / "child.log")
    assert (await child.ended(10.0)).endswith("ACTIVE")


async def test_what_a_child_said_can_be_told_from_what_one_before_it_said(tmp_path: Path, module: str) -> None:
    log = tmp_path / "child.log"
    log.write_text("an earlier child's words\n")
    began_s = time.time()
    child = await spawn(module, log)
    await child.ended(10.0)
    lines, written_s = log.read_text().splitlines(), log.stat().st_mtime
    assert output_since(lines, began_s - 60, written_s) == lines
    assert output_since(lines, written_s + 60, written_s) == []
    log.write_text("\n".join(lines[:2]) + "\n")  # as while nothing is said yet
    assert last_line(log) == ""
    assert output_since(lines[:2], began_s - 60, written_s) == lines[:1]
