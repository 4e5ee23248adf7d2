"""A worker that cannot live: the supervisor tries a few times, then says why and refuses at once."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from daemon.supervision.supervisor import MAX_QUICK_DEATHS, WorkerSupervisor
from protocol.errors import AlleleError


async def test_a_worker_that_dies_at_once_is_given_up(tmp_path: Path) -> None:
    states: list[str] = []
    supervisor = WorkerSupervisor(
        "broken",
        tmp_path / "engine.log",
        lambda: states.append(supervisor.state),
        op_limit_s=5.0,
        module="daemon.engine.no_such_worker",
    )
    supervisor.start()
    with pytest.raises(AlleleError) as waiting:
        await asyncio.wait_for(supervisor.request("decode", {}), 60)
    assert waiting.value.code == "E_ENGINE"
    assert "no_such_worker" in waiting.value.message
    assert not waiting.value.retryable
    assert states == ["restarting"] * (MAX_QUICK_DEATHS - 1) + ["failed"]
    began_s = time.monotonic()
    with pytest.raises(AlleleError):
        await supervisor.request("decode", {})
    assert time.monotonic() - began_s < 0.1
    await supervisor.stop()


async def test_what_was_not_begun_in_time_is_refused(tmp_path: Path) -> None:
    supervisor = WorkerSupervisor("files", tmp_path / "engine.log", lambda: None, op_limit_s=60.0)
    supervisor.start()
    deadline_s = asyncio.get_running_loop().time() + 0.05  # torch takes longer to import
    with pytest.raises(AlleleError) as refusal:
        await asyncio.wait_for(supervisor.request("ranks", {"model": "/nowhere"}, (), deadline_s), 60)
    assert refusal.value.code == "E_DEADLINE"
    with pytest.raises(AlleleError) as unknown:
        await asyncio.wait_for(supervisor.request("ranks", {"model": "/nowhere", "codec_id": ""}), 60)
    assert unknown.value.code == "E_NOT_FOUND"
    with pytest.raises(AlleleError):
        await asyncio.wait_for(supervisor.request("dance", {}), 60)
    assert supervisor.state == "ready"
    await supervisor.stop()


async def test_a_worker_that_does_not_answer_in_time_is_killed_and_says_so(tmp_path: Path) -> None:
    """The death of its process says only that it was killed, so the reason given is what it took too long for."""
    supervisor = WorkerSupervisor("files", tmp_path / "engine.log", lambda: None, op_limit_s=1.0)
    supervisor.start()
    while supervisor.state != "ready":
        await asyncio.sleep(0.05)
    assert supervisor.pid is not None
    os.kill(supervisor.pid, signal.SIGSTOP)
    with pytest.raises(AlleleError) as refusal:
        await asyncio.wait_for(supervisor.request("ranks", {"model": "/nowhere", "codec_id": ""}), 60)
    assert refusal.value.code == "E_ENGINE"
    assert "ranks took longer than 1 s" in refusal.value.message
    await supervisor.stop()
