"""The order of waiting jobs, how a process ended, and what an evaluation advises, in words."""

import asyncio
import signal
from pathlib import Path

import pytest

from daemon.jobs.reports import event_of
from daemon.jobs.waiting_line import Line
from daemon.runs.reports import EvaluationReport, LevelReport
from daemon.supervision.exits import MemoryKills, describe_end
from protocol.messages.events import EvaluationCompleted


def test_a_line_can_be_rearranged() -> None:
    line = Line()
    for job in "abc":
        line.join(job)
    line.move("c", 1)
    line.move("a", 99)
    assert line.jobs == ["c", "b", "a"]
    line.join("d", is_next=True)
    line.leave("b")
    line.leave("nobody")
    assert line.jobs == ["d", "c", "a"]


async def test_the_runner_takes_the_first_and_waits_for_one() -> None:
    line = Line()
    taking = asyncio.create_task(line.take())
    await asyncio.sleep(0)
    assert not taking.done()
    line.join("a")
    line.join("b", is_next=True)
    assert (await taking, line.jobs) == ("b", ["a"])
    assert await line.take() == "a"
    taking = asyncio.create_task(line.take())
    await asyncio.sleep(0)
    assert not taking.done()
    taking.cancel()


@pytest.mark.parametrize(
    "group_text", ["oom_kill_disable 0\nunder_oom 0\noom_kill {}\n", "oom 5\noom_kill {}\nmax 1\n"]
)
@pytest.mark.parametrize("grown", ["group", "machine"])
def test_a_kill_for_want_of_memory_is_told_from_one_by_somebody(tmp_path: Path, group_text: str, grown: str) -> None:
    files = {"machine": tmp_path / "vmstat", "group": tmp_path / "events"}
    texts = {"machine": "pgfault 3\noom_kill {}\n", "group": group_text}
    for name, file in files.items():
        file.write_text(texts[name].format(2))
    kills = MemoryKills(files["machine"], files["group"])
    assert describe_end(-signal.SIGKILL, "", kills) == "somebody killed it (signal 9); memory had not run out"
    files[grown].write_text(texts[grown].format(3))
    assert describe_end(-signal.SIGKILL, "", kills) == "memory ran out, and the system killed it (signal 9)"
    unknown = MemoryKills(tmp_path / "nothing", tmp_path / "nothing")
    assert "by somebody or because memory ran out" in describe_end(-signal.SIGKILL, "", unknown)


def test_other_ends() -> None:
    assert "somebody ended it" in describe_end(-signal.SIGTERM, "noise")
    assert "SIGSEGV" in describe_end(-signal.SIGSEGV, "")
    assert describe_end(1, "why") == "it ended with status 1: why"


def test_what_to_do_is_said_once_for_all_levels_of_which_it_holds() -> None:
    levels = [
        LevelReport(utilisation=0.5, perplexity=3.0, dead_codes=1, commitment=0.1, health=health, advice=advice)
        for health, advice in (("healthy", ""), ("thin", "add audio"), ("thin", "add audio"), ("collapsing", "shrink"))
    ]
    report = EvaluationReport(
        step=1, elapsed_s=1.0, mel=1.0, stft=1.0, sisdr_db=0.0, train_mel=1.0, levels=levels, is_best=True,
        preview="previews/step-00000001.wav", source="previews/source.wav",
    )  # fmt: skip
    event = event_of("j1", report, Path("/m"))
    assert isinstance(event, EvaluationCompleted)
    assert event.advice == "levels 1, 2 are thin: add audio; level 3 is collapsing: shrink"
    assert event.source == "/m/previews/source.wav"
