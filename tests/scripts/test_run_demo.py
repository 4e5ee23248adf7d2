"""The first run's wishes reach the training, and one that was cut off is gone on with."""

import sys
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import run_demo
import tui.app
from protocol.errors import AlleleError
from protocol.messages.jobs import JobAccepted, StartTraining
from protocol.training import TrainingOptions
from tui import first_run


@pytest.mark.parametrize(
    ("files", "said"), [([], []), (["run.json"], ["--resume"]), (["run.json", "model.json"], []), (["log.jsonl"], [])]
)
def test_a_run_is_resumed_when_it_was_begun_and_not_finished(tmp_path: Path, files: list[str], said: list[str]) -> None:
    folder = tmp_path / "models" / run_demo.MODEL
    (folder / "checkpoints").mkdir(parents=True)
    for name in files:
        (folder / name).touch()
    assert run_demo.resume(Namespace(home=str(tmp_path))) == said


async def test_with_a_terminal_the_size_that_was_asked_for_is_trained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plans: list[first_run.DemoPlan] = []
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(tui.app, "run_app", lambda home, demo: plans.append(demo) or 0)
    monkeypatch.setattr(sys, "argv", ["run", "--home", str(tmp_path), "--preset", "tiny", "--budget", "5s"])
    assert run_demo.main() == 0
    asked: list[StartTraining] = []

    async def ask(wish: Any) -> Any:
        asked.append(wish)
        if len(asked) == 1:
            raise AlleleError("E_EXISTS", "a training of demo was started and not finished")
        return SimpleNamespace(body=JobAccepted(job="j1"))

    app: Any = SimpleNamespace(session=SimpleNamespace(ask=ask))
    assert await first_run._start(app, plans[0], resume=False) == "j1"
    assert [wish.options for wish in asked] == [TrainingOptions(preset="tiny", budget_s=5.0)] * 2
    assert [wish.resume for wish in asked] == [False, True]


def test_a_size_that_is_none_is_a_wrong_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run", "--preset", "huge"])
    with pytest.raises(SystemExit, match="2"):
        run_demo.main()
    assert "--preset" in capsys.readouterr().err
