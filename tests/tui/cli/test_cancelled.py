"""What commands say of a job that was cancelled or left.

The daemon is stood in for: it would only hand out how a job ended.
"""

from argparse import Namespace
from typing import Any

import pytest

from protocol.errors import AlleleError
from protocol.messages.jobs import JobInfo
from protocol.training import OPTIONS
from tui.cli import corpus, train
from tui.cli.follow import LeftRunningError
from tui.cli.output import Output

OUTPUT = Output(as_json=False)
TRAIN: dict[str, Any] = {option.name: option.default for option in OPTIONS} | {"resume": False, "detach": False}


def told(monkeypatch: pytest.MonkeyPatch, kind: str, answer: JobInfo | Exception) -> str:
    """The line of a command whose job ended so."""

    def with_daemon(*_: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer if kind == "train" else (answer, [], None)

    monkeypatch.setattr({"train": train, "ingest": corpus}[kind], "with_daemon", with_daemon)
    with pytest.raises(AlleleError) as refused:
        if kind == "train":
            train.train(Namespace(corpus="my drums", name="rain", **TRAIN), OUTPUT)
        else:
            corpus.add(Namespace(name="my drums", paths=["a.wav"]), OUTPUT)
    assert refused.value.code == "E_CANCELLED"
    return str(refused.value)


def cancelled(kind: str, started_s: float | None, **more: Any) -> JobInfo:
    return JobInfo(id="j1", kind=kind, subject="rain", state="cancelled", started_s=started_s, **more)


def test_a_training_that_never_began_learned_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    line = told(monkeypatch, "train", cancelled("train", None, hint="allele train x"))
    assert "rain was cancelled before it began" in line and "start it with: allele train x" in line
    assert "kept" not in line
    line = told(monkeypatch, "train", cancelled("train", 1.0, hint="allele train x --resume"))
    assert "was cancelled; what it learned is kept" in line and "resume it with: allele train x --resume" in line


def test_a_reading_keeps_the_files_that_were_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "my drums was cancelled before it began" in told(monkeypatch, "ingest", cancelled("ingest", None))
    line = told(monkeypatch, "ingest", cancelled("ingest", 1.0))
    assert "my drums was cancelled; the files that were read are kept" in line


def test_who_leaves_has_cancelled_the_job_before(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "left while job j1 stops" in told(monkeypatch, "ingest", LeftRunningError("j1"))
    line = told(monkeypatch, "train", LeftRunningError("j1"))
    assert "left while job j1 stops" in line and "allele train 'my drums' --name rain --resume" in line
