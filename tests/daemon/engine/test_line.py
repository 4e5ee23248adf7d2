"""The order of waiting jobs, and how a process ended, in words."""

import asyncio
import signal
from pathlib import Path

import pytest

from daemon.engine.deaths import MemoryKills, describe_end
from daemon.engine.line import Line


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
    assert line.jobs == ["d", "c", "a"] and "b" not in line


async def test_the_runner_takes_the_first_and_waits_for_one() -> None:
    line = Line()
    taking = asyncio.create_task(line.take())
    await asyncio.sleep(0)
    assert not taking.done()
    line.join("a")
    line.join("b", is_next=True)
    assert await taking in ("a", "b")
    line.leave("a")
    line.leave("b")
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
