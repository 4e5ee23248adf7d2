"""The daemon as commands find it, start it and stop it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from protocol.places import places_of

STATUS = {"pid", "uptime_s", "device", "jobs", "clients", "endpoint", "version"}


def test_none_runs_until_something_needs_it(fresh: Any) -> None:
    assert "no daemon runs" in fresh("daemon", "status").error
    assert "no daemon runs" in fresh("--json", "daemon", "status").error
    assert fresh("daemon", "stop", "--json").json == {"stopped": False, "pid": None}
    assert "no daemon has run here yet" in fresh("daemon", "logs").error
    assert not fresh.home.exists()
    assert fresh("corpus", "list", "--json").json == {"corpora": []}
    assert fresh("daemon", "status", "--json").json.keys() >= STATUS


def test_start_stop_restart(fresh: Any) -> None:
    first = fresh("daemon", "start", "--json").json
    again = fresh("daemon", "start", "--json").json
    assert (first["started"], again["started"]) == (True, False)
    assert first["pid"] == again["pid"]
    second = fresh("daemon", "restart", "--json").json
    assert second["started"] and second["pid"] != first["pid"]
    assert fresh.daemon_pids() == {second["pid"]}
    assert fresh("daemon", "stop", "--json").json == {"stopped": True, "pid": second["pid"]}
    assert fresh.daemon_pids() == set()
    logs = fresh("daemon", "logs", "--lines", "3", "--json").json
    assert Path(logs["path"]) == fresh.home / "logs" / "daemon.log"
    assert len(logs["lines"]) == 3


@pytest.mark.parametrize("command", ["--home corpus list", "--home daemon start", "--home", "--connect jobs"])
def test_a_home_whose_name_is_not_utf_8_starts_nothing(command: str, tmp_path: Path) -> None:
    home = os.fsencode(tmp_path) + b"/h\xff"
    option, *words = command.split()
    called = [sys.executable, "-m", "tui", option, home, *words]
    done = subprocess.run(called, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {tmp_path}/h\\xff: the folder's name is not UTF-8 (")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_twenty_simultaneous_cold_starts_yield_one_daemon(fresh: Any) -> None:
    commands = [("daemon", "start", "--json"), ("corpus", "list", "--json")] * 10
    running = [fresh.start(*command) for command in commands]
    ended = [(process.communicate(timeout=60), process.returncode) for process in running]
    assert [status for (_, status) in ended] == [0] * 20, [err for ((_, err), _) in ended if err]
    printed = [json.loads(out) for ((out, _), _) in ended]
    pids = {said["pid"] for said in printed if "pid" in said}
    assert len(pids) == 1
    assert fresh.daemon_pids() == pids


def test_a_killed_daemon_is_started_again_by_the_next_command(fresh: Any) -> None:
    pid = fresh("daemon", "start", "--json").json["pid"]
    os.kill(pid, signal.SIGKILL)
    assert fresh("corpus", "list", "--json").json == {"corpora": []}
    assert fresh("daemon", "status", "--json").json["pid"] != pid


def test_connect_takes_a_run_folder_or_its_socket(allele: Any, tmp_path: Path) -> None:
    places = places_of(allele.home)
    pid = allele("daemon", "status", "--json").json["pid"]
    elsewhere = type(allele)(tmp_path / "another-home", tmp_path)
    for endpoint in (places.run, places.socket("ctl"), places.endpoint("ctl")):
        assert elsewhere("--connect", endpoint, "daemon", "status", "--json").json["pid"] == pid
        models = elsewhere("model", "list", "--connect", endpoint, "--json").json["models"]
        assert "toy" in [model["name"] for model in models]
    assert elsewhere("daemon", "logs", "--connect", places.run, "--json").json["path"].startswith(str(allele.home))
    assert not elsewhere.home.exists()


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("someone@far.example", "not in this version"),
        ("tcp://127.0.0.1:5555", "daemons of this machine"),
        ("/nowhere/run", "no such run folder"),
        ("ipc:///nowhere/run/ctl.sock", "no such run folder"),
    ],
)
def test_connect_refuses_what_it_cannot_reach(fresh: Any, endpoint: str, said: str) -> None:
    assert said in fresh("corpus", "list", "--connect", endpoint).error
    assert not fresh.home.exists()


def test_connect_never_starts_a_daemon(fresh: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    assert "no daemon runs" in fresh("corpus", "list", "--connect", run).error
    assert "--connect" in fresh("daemon", "start", "--connect", run).error
    assert list(run.iterdir()) == []


def test_a_home_that_cannot_be_used_is_named(fresh: Any, tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file")
    assert str(occupied) in fresh("corpus", "list", "--home", occupied).error
    assert str(occupied) in fresh("corpus", "list", "--home", occupied / "below").error


def test_doctor_looks_and_starts_nothing(fresh: Any) -> None:
    found = fresh("doctor", "--json", timeout_s=120).json
    assert found["ok"]
    checks = {check["name"]: check for check in found["checks"]}
    assert {"python", "torch", "torchaudio", "sound", "terminal", "home", "disk", "daemon"} <= checks.keys()
    assert "none runs" in checks["daemon"]["detail"]
    assert all(check["mend"] for check in checks.values() if check["status"] != "ok")
    assert not fresh.home.exists()
