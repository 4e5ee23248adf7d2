"""One daemon for each home: cold starts, locks, stale sockets, signals, death and return."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from protocol.edits import parse_edit
from protocol.errors import ErrorBody
from protocol.messages.corpora import AddToCorpus
from protocol.messages.jobs import JobAccepted, Jobs, ListJobs, ShowJob, StartTraining
from protocol.messages.session import GetStatus, Status, StopDaemon
from protocol.messages.strands import ApplyEdit, EditApplied, OpenStrand, StrandInfo
from protocol.places import places_of
from protocol.training import TrainingOptions

New = Callable[..., Any]


def wait_for(condition: Callable[[], Any], limit_s: float = 60.0) -> Any:
    give_up_s = time.monotonic() + limit_s
    while not (found := condition()):
        assert time.monotonic() < give_up_s, "it did not happen"
        time.sleep(0.05)
    return found


def test_twenty_cold_starts_yield_one_daemon(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "daemon", "--home", str(tmp_path)]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(20)]
    try:
        wait_for(lambda: sum(process.poll() is None for process in started) == 1)
        (survivor,) = [process for process in started if process.poll() is None]
        losers = [process for process in started if process is not survivor]
        assert {process.returncode for process in losers} == {3}
        for process in losers:
            assert process.stderr is not None
            said = process.stderr.read()
            assert said.count("\n") == 1
            assert str(tmp_path) in said
        assert places_of(tmp_path).pid_file.read_text().strip() == str(survivor.pid)
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_a_second_daemon_says_on_its_ready_pipe_why_not(live: Any) -> None:
    ready, write_end = os.pipe()
    command = [sys.executable, "-m", "daemon", "--home", str(live.home), "--ready-fd", str(write_end)]
    second = subprocess.run(command, pass_fds=(write_end,), capture_output=True, timeout=60)
    os.close(write_end)
    line = os.read(ready, 1000).decode()
    os.close(ready)
    assert second.returncode == 3
    assert line.startswith("error: another daemon")
    assert live.is_alive


def test_the_run_folder_is_ours_alone(live: Any) -> None:
    assert live.places.run.stat().st_mode & 0o777 == 0o700
    assert live.places.endpoint.socket("ctl").stat().st_mode & 0o077 == 0


def test_a_home_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "daemon", "--home", str(tmp_path / "file" / "home")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "--home" in ended.stderr


def test_a_request_and_a_signal_end_it_in_order_and_no_child_stays(new_daemon: New, new_wire: New) -> None:
    for end in ("request", "signal"):
        daemon = new_daemon()
        children = wait_for(lambda daemon=daemon: psutil.Process(daemon.process.pid).children())
        if end == "request":
            new_wire(daemon).ask(StopDaemon())
            assert daemon.process.wait(timeout=30) == 0
        else:
            assert daemon.stop() == 0
        assert not daemon.places.pid_file.exists()
        assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
        assert daemon.log.rstrip().endswith("stopped")


def test_an_idle_daemon_leaves(new_daemon: New) -> None:
    daemon = new_daemon("--idle-exit", "1")
    assert daemon.process.wait(timeout=30) == 0
    assert "it was idle" in daemon.log


def start(model: str, budget_s: float) -> StartTraining:
    """A request to train the smallest model."""
    return StartTraining(corpus="tones", model=model, options=TrainingOptions(preset="toy", budget_s=budget_s))


def train_slowly(wire: Any) -> str:
    accepted = wire.ask(start("slow", budget_s=3600))
    assert isinstance(accepted, JobAccepted)
    wait_for(lambda: wire.ask(ShowJob(job=accepted.job)).state == "running")
    return accepted.job


def test_a_killed_daemon_leaves_interrupted_jobs_every_edit_and_no_child(
    new_daemon: New, new_wire: New, tone_files: Any
) -> None:
    """Its children die with it, and the next one takes over its stale sockets and its stale pid file."""
    first = new_daemon()
    wire = new_wire(first)
    strand = wire.ask(OpenStrand(path=str(tone_files[0]), model="raw"))
    assert isinstance(strand, StrandInfo)
    running, queued = train_slowly(wire), os.urandom(16)
    waiting = wire.ask(start("next", budget_s=60), queued)
    applied = wire.ask(ApplyEdit(strand=strand.id, edit=parse_edit("set 3 q0 @0:4")))
    assert isinstance(applied, EditApplied)
    children = wait_for(lambda: len(found := psutil.Process(first.process.pid).children()) >= 3 and found)
    first.kill()
    wait_for(lambda: not any(c.is_running() and c.status() != psutil.STATUS_ZOMBIE for c in children), 5.0)
    assert first.places.endpoint.socket("ctl").exists() and first.places.pid_file.exists()
    second = new_daemon()
    again = new_wire(second)
    again.cid = wire.cid
    jobs = again.ask(ListJobs())
    assert isinstance(jobs, Jobs)
    states = {job.id: (job.state, job.hint) for job in jobs.jobs}
    assert states[running][0] == "interrupted"
    assert states[running][1].startswith("allele train tones --name slow")
    assert states[waiting.job] == ("interrupted", "allele train tones --name next")
    # The request of the queued job comes late: the answer is the old job, no new one runs as a ghost.
    late = again.ask(start("next", budget_s=60), queued)
    assert late == waiting
    undone = again.ask(ApplyEdit(strand=strand.id, edit=parse_edit("set 4 q0 @0:4"), if_rev=1))
    assert isinstance(undone, EditApplied)
    status = again.ask(GetStatus())
    assert isinstance(status, Status)
    assert (status.jobs, status.pid) == (0, second.process.pid)


def test_ingest_reports_bad_files_and_goes_on(wire: Any, tmp_path: Path, tone_files: Any) -> None:
    bad = tmp_path / "notes.wav"
    bad.write_text("this is no sound\n")
    accepted = wire.ask(AddToCorpus(corpus="mixed", paths=[str(bad), str(tone_files[0])]))
    info = wait_for(lambda: (found := wire.ask(ShowJob(job=accepted.job))).state not in ("queued", "running") and found)
    assert (info.state, info.result["added"]) == ("done", 1)
    assert info.result["errors"][0]["path"] == str(bad)
    alone = wire.ask(AddToCorpus(corpus="bad", paths=[str(bad)]))
    info = wait_for(lambda: (found := wire.ask(ShowJob(job=alone.job))).state not in ("queued", "running") and found)
    assert info.state == "failed"
    assert str(bad) in info.error
    refused = wire.ask(AddToCorpus(corpus="bad", paths=[str(tmp_path / "missing.wav")]))
    assert isinstance(refused, ErrorBody)
    assert (refused.code, "missing.wav" in refused.message) == ("E_NOT_FOUND", True)


@pytest.mark.parametrize("option", ["--help", "--bogus"])
def test_usage(option: str) -> None:
    ended = subprocess.run([sys.executable, "-m", "daemon", option], capture_output=True, text=True, timeout=60)
    assert ended.returncode == (0 if option == "--help" else 2)
