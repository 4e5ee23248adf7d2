"""The daemon as commands find it, start it and stop it."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from protocol.logs import start_mark
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


def test_the_device_is_a_plain_name_and_its_words_are_a_fact(allele: Any, wait_until: Any) -> None:
    def status() -> Any:
        return allele("daemon", "status", "--json").json

    wait_until(lambda: status()["engine"] == "ready", "the engine")
    found = status()
    assert re.fullmatch(r"cpu|cuda:\d+|mps", found["device"]), found["device"]
    assert found["facts"]["device_name"]
    doctored = {check["name"]: check["detail"] for check in allele("doctor", "--json", timeout_s=120).json["checks"]}
    assert f"on {found['device']} ({found['facts']['device_name']})" in doctored["daemon"]


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


def test_logs_show_what_workers_said_in_the_last_day_and_where(fresh: Any) -> None:
    folder = fresh.home / "logs"
    folder.mkdir(parents=True)
    (folder / "daemon.log").write_text("one\ntwo\n")
    plain = fresh("daemon", "logs")
    assert (plain.status, plain.out) == (0, "one\ntwo\n")
    now = datetime.now().astimezone()
    marks = [start_mark(now - timedelta(hours=hours)) for hours in (50, 30, 3)]
    # the second process lived until the third began; that one has said nothing yet
    (folder / "job-train.log").write_text(f"{marks[0]}\nlong ago\n{marks[1]}\nTraceback\n  defect\n{marks[2]}\n")
    (folder / "engine.log").write_text(f"{marks[2]}\n")
    (folder / "engine-files.log").write_text(f"{marks[0]}\nlong ago, too\n")
    os.utime(folder / "engine-files.log", (0, 0))
    shown = fresh("daemon", "logs", "--json").json
    said = {"path": str(folder / "job-train.log"), "lines": [marks[1], "Traceback", "  defect"]}
    assert shown == {"path": str(folder / "daemon.log"), "lines": ["one", "two"], "workers": [said]}
    ends = fresh("daemon", "logs", "--lines", "1").out
    assert ends == f"==> {folder / 'daemon.log'} <==\ntwo\n\n==> {folder / 'job-train.log'} <==\n  defect\n"


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
    for endpoint in (places.run, places.endpoint.socket("ctl"), places.endpoint.address("ctl")):
        assert elsewhere("--connect", endpoint, "daemon", "status", "--json").json["pid"] == pid
        models = elsewhere("model", "list", "--connect", endpoint, "--json").json["models"]
        assert "toy" in [model["name"] for model in models]
    assert elsewhere("daemon", "logs", "--connect", places.run, "--json").json["path"].startswith(str(allele.home))
    assert not elsewhere.home.exists()


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("someone@far.example", "cannot connect to another machine"),
        ("tcp://127.0.0.1:5555", "daemons on this machine"),
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
    assert all(check["hint"] for check in checks.values() if check["status"] != "ok")
    assert not fresh.home.exists()
