"""Processes that wait for the next job: one of each kind, for a while, and only if it lives."""

import asyncio
from pathlib import Path

from daemon.jobs.standing import Standing
from daemon.supervision.process import spawn

WORKER = "daemon.workers.generation"


async def test_a_process_waits_is_taken_once_and_ends_after_a_while(tmp_path: Path) -> None:
    standing = Standing(idle_s=0.2)
    child = await spawn(WORKER, tmp_path / "log")
    standing.put("generate", child)
    assert standing.take("train") is None
    assert standing.take("generate") is child
    assert standing.take("generate") is None
    standing.put("generate", child)
    await asyncio.sleep(0.5)
    assert standing.take("generate") is None and not child.is_running
    await standing.close()


async def test_a_dead_process_is_not_taken_and_a_second_one_replaces_the_first(tmp_path: Path) -> None:
    standing = Standing()
    one, two = [await spawn(WORKER, tmp_path / "log") for _ in range(2)]
    standing.put("generate", one)
    standing.put("generate", two)
    await one.ended()
    assert not one.is_running
    two.kill()
    await two.ended()
    assert standing.take("generate") is None
    three = await spawn(WORKER, tmp_path / "log")
    standing.put("generate", three)
    await standing.close()
    assert not three.is_running
