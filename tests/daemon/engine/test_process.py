"""Children as they are born and as they die."""

from pathlib import Path

import pytest

from daemon.engine.pipe import PipeError
from daemon.engine.process import spawn


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program that writes its environment where a child's complaints go, and ends."""
    (tmp_path / "show_environment.py").write_text(
        "import os, sys\nprint(os.environ['OMP_WAIT_POLICY'], file=sys.stderr)\nsys.exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
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
