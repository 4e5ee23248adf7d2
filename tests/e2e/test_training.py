"""Jobs from the outside: following, leaving, cancelling, and going on after the worst."""

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tui.cli.commands import COMMANDS

JOB = set(next(command.keys for command in COMMANDS if command.words == ("jobs", "show")))
LONG = ("--preset", "toy", "--levels", "2", "--codebook", "16", "--steps", "100000")
# A checkpoint every 20 steps, and enough steps to be interrupted in.
KEPT = ("--preset", "toy", "--levels", "2", "--codebook", "16", "--steps", "200")
SHORT = ("--preset", "toy", "--levels", "2", "--codebook", "16", "--steps", "12")


@pytest.fixture
def trained_steps(allele: Any) -> Callable[[str], int]:
    """The newest step in a run's log."""

    def steps(model: str) -> int:
        log = allele.home / "models" / model / "log.jsonl"
        return log.read_text().count("\n") if log.exists() else 0

    return steps


@pytest.fixture
def has_checkpoint(allele: Any) -> Callable[[str], bool]:
    """Whether a run has a finished checkpoint."""

    def look(model: str) -> bool:
        return any((allele.home / "models" / model / "checkpoints").glob("*/manifest.json"))

    return look


@pytest.fixture
def interrupt() -> Iterator[Callable[[Any], None]]:
    """Ctrl-C, as a terminal gives it to the process."""
    yield lambda process: process.send_signal(signal.SIGINT)


def state_of(allele: Any, model: str) -> str:
    jobs = allele("jobs", "--json").json["jobs"]
    return next(job["state"] for job in jobs if job["subject"] == model)


def test_ctrl_c_stops_a_training_and_resume_goes_on(
    allele: Any,
    interrupt: Callable[[Any], None],
    has_checkpoint: Callable[[str], bool],
    trained_steps: Callable[[str], int],
    wait_until: Callable[..., None],
) -> None:
    process = allele.start("train", "tones", "--name", "stopped", *LONG, "--json")
    wait_until(lambda: trained_steps("stopped") > 3, "training")
    interrupt(process)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert err.splitlines()[-1].startswith("error: training of stopped was ")
    assert "--resume" in err and "Traceback" not in err
    assert has_checkpoint("stopped")
    assert state_of(allele, "stopped") in {"cancelled", "interrupted"}
    assert "stopped" not in [model["name"] for model in allele("model", "list", "--json").json["models"]]
    assert "--resume" in allele("train", "tones", "--name", "stopped", *SHORT).error
    resumed = allele("train", "tones", "--name", "stopped", "--resume", "--steps", "20", "--json", timeout_s=90)
    assert resumed.status == 0, resumed.err
    assert resumed.json["model"] == "stopped"


def test_a_killed_daemon_loses_no_checkpoint(fresh: Any, recordings: Path, wait_until: Callable[..., None]) -> None:
    assert fresh("corpus", "add", "tones", recordings).status == 0
    process = fresh.start("train", "tones", "--name", "killed", *KEPT)
    checkpoints = fresh.home / "models" / "killed" / "checkpoints"
    wait_until(lambda: any(checkpoints.glob("*/manifest.json")), "a checkpoint", 60)
    (pid,) = fresh.daemon_pids()
    children = psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGKILL)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert len(err.splitlines()) == 1 and err.startswith("error: ") and "--resume" in err, err
    wait_until(lambda: not any(child.is_running() for child in children), "the workers' end")
    assert state_of(fresh, "killed") in {"interrupted", "failed"}
    resumed = fresh("train", "tones", "--name", "killed", "--resume", "--steps", "20", "--json", timeout_s=90)
    assert resumed.status == 0, resumed.err
    assert fresh("model", "list", "--json").json["models"][0]["name"] == "killed"


def test_detached_jobs_are_shown_watched_left_and_cancelled(
    allele: Any, interrupt: Callable[[Any], None], trained_steps: Callable[[str], int], wait_until: Callable[..., None]
) -> None:
    started_s = time.monotonic()
    begun = allele("train", "tones", "--name", "away", *LONG, "--detach", "--json").json
    assert begun["model"] == "away" and time.monotonic() - started_s < 10
    job = begun["job"]
    shown = allele("jobs", "show", job, "--json").json
    assert shown.keys() == JOB
    assert (shown["id"], shown["kind"], shown["subject"]) == (job, "train", "away")
    wait_until(lambda: trained_steps("away") > 1, "training")
    watcher = allele.start("jobs", "watch", job)
    # its sockets have a thread of their own: it is past its imports and talks to the daemon
    wait_until(lambda: psutil.Process(watcher.pid).num_threads() > 1, "a watcher that watches")
    time.sleep(0.5)
    interrupt(watcher)
    _, err = watcher.communicate(timeout=10)
    assert watcher.returncode == 1 and "goes on" in err
    assert allele("jobs", "show", job, "--json").json["state"] == "running"
    queued = allele("train", "tones", "--name", "later", *LONG, "--detach")
    assert f"allele jobs watch {queued.out.strip()}" in queued.err
    assert allele("jobs", "cancel", queued.out.strip(), "--json").json["subject"] == "later"
    assert allele("jobs", "cancel", job, "--json").json["id"] == job
    wait_until(lambda: state_of(allele, "away") in {"cancelled", "interrupted"}, "the cancelled state")
    assert allele("jobs", "cancel", job, "--json").json["state"] in {"cancelled", "interrupted"}
    assert allele("jobs", "watch", job).status == 1


@dataclass(frozen=True)
class Twins:
    """Two equal trainings that were started at once: what the first showed on a terminal, and what both printed."""

    screen: str
    outs: tuple[str, str]


@pytest.fixture(scope="module")
def twins(shared: Any) -> Twins:
    """Train `twin1` on a terminal and `twin2` without one. Both succeed."""
    ours, theirs = pty.openpty()
    environment = shared.environment | {"TERM": "xterm-256color"}
    first = shared.start("train", "tones", "--name", "twin1", *SHORT, "--json", stderr=theirs, env=environment)
    os.close(theirs)
    second = shared.start("train", "tones", "--name", "twin2", *SHORT, "--json")
    shown = b""
    while True:
        try:
            more = os.read(ours, 65_536)
        except OSError:  # the other side is closed: that is how a pty ends
            break
        if not more:
            break
        shown += more
    os.close(ours)
    out, _ = first.communicate(timeout=60)
    assert first.returncode == 0, shown
    other, err = second.communicate(timeout=90)
    assert second.returncode == 0, err
    return Twins(shown.decode(errors="replace"), (out, other))


def test_two_equal_trainings_queue_and_give_the_same_model(allele: Any, twins: Twins) -> None:
    assert [out.count("\n") for out in twins.outs] == [1, 1]
    shown = [allele("model", "show", name, "--json").json for name in ("twin1", "twin2")]
    # The same seed, steps and threads on one machine: the same weights to the last bit.
    assert shown[0]["codec_id"] == shown[1]["codec_id"]
    assert shown[0]["held_out"] == shown[1]["held_out"]
    assert shown[0]["memorisation"] == shown[1]["memorisation"] and shown[0]["memorisation"]["ratio"] > 0


def test_a_name_is_trained_once(allele: Any) -> None:
    assert "toy" in allele("train", "tones", "--name", "toy", *SHORT).error
    assert "nowhere" in allele("train", "nowhere", "--name", "new", *SHORT).error
    assert allele("jobs", "show", "no-such-job").error


def test_on_a_terminal_something_moves_and_stdout_stays_clean(twins: Twins) -> None:
    assert json.loads(twins.outs[0])["model"] == "twin1"
    assert "training twin1" in twins.screen and "%" in twins.screen
    assert "held out: mel" in twins.screen
    assert twins.screen.count("\r") > 3
    assert "Traceback" not in twins.screen


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 96 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no small tmpfs can be mounted here (that takes root)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.tmpfs
def test_a_full_disk_ends_a_training_that_can_go_on(
    fresh: Any, small_disk: Path, recordings: Path, wait_until: Callable[..., None]
) -> None:
    here = type(fresh)(small_disk / "home", fresh.folder)
    try:
        assert here("corpus", "add", "tones", recordings).status == 0
        process = here.start("train", "tones", "--name", "full", *KEPT)
        checkpoints = here.home / "models" / "full" / "checkpoints"
        wait_until(lambda: any(checkpoints.glob("*/manifest.json")), "a checkpoint", 60)
        filler = small_disk / "filler"
        with filler.open("wb") as file:
            while True:
                try:
                    file.write(bytes(1 << 16))
                    file.flush()
                except OSError:
                    break
        _, err = process.communicate(timeout=90)
        assert process.returncode == 1
        line = err.splitlines()[-1]
        assert line.startswith("error: ") and "space" in line and "--resume" in line
        assert here("daemon", "status").status == 0
        filler.unlink()
        resumed = here("train", "tones", "--name", "full", "--resume", "--steps", "20", "--json", timeout_s=90)
        assert resumed.status == 0, resumed.err
    finally:
        here("daemon", "stop")
        here.kill()
