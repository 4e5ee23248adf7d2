"""One home, one daemon, whatever happens to its sockets, and by whatever name the home is called."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from protocol.edits import parse_edit
from protocol.messages.session import StopDaemon
from protocol.messages.strands import ApplyEdit, GetStrand
from protocol.places import places_of
from protocol.strands import StrandMeta, as_encoded
from tui.transport.client import Client

Until = Callable[..., None]


def pid_of(allele: Any, *words: str, **settings: Any) -> int:
    """The daemon that a command reaches."""
    process = allele.start(*words, "daemon", "start", "--json", **settings)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return json.loads(out)["pid"]


def daemons(below: Path) -> set[int]:
    """Every daemon process of a home below a folder, whatever name of the home it was given."""
    found: set[int] = set()
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = process.info["cmdline"] or []
        if "daemon" in words and "--home" in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            home = os.path.realpath(words[words.index("--home") + 1])
            if home.startswith(os.path.realpath(below) + os.sep):
                found.add(process.info["pid"])
    return found


@pytest.fixture
def started(fresh: Any, tmp_path: Path) -> Iterator[tuple[Any, int]]:
    """A home with a live daemon, and its process; whatever runs below the test's folder is ended."""
    yield fresh, pid_of(fresh)
    for process in daemons(tmp_path):
        os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("lost", ["run", "run/ctl.sock", "run/evt.sock", "daemon.lock", "start.lock"])
def test_what_is_removed_under_a_live_daemon_starts_no_second_one(
    started: tuple[Any, int], lost: str, tmp_path: Path, wait_until: Until
) -> None:
    allele, pid = started
    path = allele.home / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    assert allele("corpus", "list", "--json").json == {"corpora": []}
    assert allele("daemon", "status", "--json").json["pid"] == pid
    second = subprocess.run(
        [sys.executable, "-m", "daemon", "--home", allele.home], capture_output=True, text=True, timeout=60
    )
    assert (second.returncode, "another daemon serves" in second.stderr) == (3, True), second.stderr
    assert daemons(tmp_path) == {pid}
    wait_until(
        lambda: all(places_of(allele.home).endpoint.socket(name).exists() for name in ("ctl", "evt", "aud")), "sockets"
    )
    assert allele("daemon", "stop", "--json").json == {"stopped": True, "pid": pid}
    assert pid_of(allele) != pid


def test_a_stolen_socket_is_taken_back(started: tuple[Any, int], tmp_path: Path, wait_until: Until) -> None:
    allele, pid = started
    places = places_of(allele.home)
    ctl = places.endpoint.socket("ctl")
    steal = f"import socket, time; s = socket.socket(socket.AF_UNIX); s.bind({str(ctl)!r}); s.listen()"
    ctl.unlink()
    thief = subprocess.Popen([sys.executable, "-c", steal + "; time.sleep(60)"])
    try:
        wait_until(lambda: "bound again" in (places.logs / "daemon.log").read_text(), "binding again")
        assert allele("daemon", "status", "--json").json["pid"] == pid
        assert daemons(tmp_path) == {pid}
    finally:
        thief.kill()
        thief.wait()


def test_connections_edits_and_the_history_survive_a_removed_run_folder(started: tuple[Any, int]) -> None:
    allele, pid = started
    asyncio.run(edit_while_sockets_go(allele.home, pid))


async def edit_while_sockets_go(home: Path, pid: int) -> None:
    from daemon.store.strand_state import RequestId
    from daemon.store.strands import StrandStore

    places = places_of(home)
    async with Client(places.endpoint) as old:
        await old.ask(StopDaemon())
    meta = StrandMeta(name="kick", model="m", codec_id="c", levels=2, codebook=16, frames=8, samples=8 * 1024)
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        await asyncio.sleep(0.02)
    store = StrandStore(places.strands / "edits.sqlite")  # made here: a daemon would want the strand's model
    asked = RequestId(cid=b"c" * 16, id=os.urandom(16))
    strand = store.open_strand(as_encoded(meta, np.zeros((2, 8), np.uint16)), asked).id
    store.close()
    from tui.transport.embedded import ensure_daemon

    ensure_daemon(home)
    async with Client(places.endpoint) as first:
        for code in range(1, 6):
            shutil.rmtree(places.run, ignore_errors=True)
            done = await first.ask(ApplyEdit(strand=strand, edit=parse_edit(f"set {code}")))
            said: list[str] = []
            async with Client(await asyncio.to_thread(ensure_daemon, home, 10.0, said.append)) as second:
                seen = await second.request(GetStrand(strand=strand))
            assert (seen.body.rev, seen.body.undo_depth) == (code, code) == (done.strands[0].rev, code)
            assert seen.buffers[0].tolist() == [[code] * 8] * 2
            assert len(said) <= 1, said


def test_a_training_goes_on_when_the_run_folder_is_removed(allele: Any, wait_until: Until) -> None:
    pid = allele("daemon", "status", "--json").json["pid"]
    toy = ("--preset", "toy", "--levels", "2", "--codebook", "16", "--steps", "100000")
    job = allele("train", "tones", "--name", "swept", *toy, "--detach", "--json").json["job"]
    log = allele.home / "models" / "swept" / "log.jsonl"
    wait_until(lambda: log.exists() and log.stat().st_size, "the first steps", 60)
    shutil.rmtree(places_of(allele.home).run)
    before = log.stat().st_size
    assert allele("daemon", "status", "--json").json["pid"] == pid
    assert allele("jobs", "show", job, "--json").json["state"] == "running"
    wait_until(lambda: log.stat().st_size > before, "further steps", 60)
    allele("jobs", "cancel", job)


LONG = "long" * 25


@pytest.mark.parametrize("name", ["home", LONG])
def test_every_name_of_a_home_reaches_one_daemon(name: str, fresh: Any, tmp_path: Path) -> None:
    """A long home keeps its sockets elsewhere, a short link to it must find them there."""
    home, link, other = tmp_path / name, tmp_path / "l", tmp_path / "temporary"
    other.mkdir()
    (tmp_path / "real").mkdir()
    link.symlink_to(home)
    ways: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("--home", str(home)), {}),
        (("--home", str(link)), {}),
        (("--home", f"../{name}"), {"cwd": tmp_path / "real"}),
        (("--home", str(home)), {"env": fresh.environment | {"TMPDIR": str(other), "XDG_RUNTIME_DIR": str(other)}}),
        ((), {"env": fresh.environment | {"ALLELE_HOME": str(link)}}),
    ]
    try:
        running = [
            fresh.start(*words, "daemon", "start", "--json", **settings) for _ in range(4) for words, settings in ways
        ]
        ended = [(process.communicate(timeout=90), process.returncode) for process in running]
        assert [status for _, status in ended] == [0] * 20, [err for (_, err), _ in ended if err]
        found = {json.loads(out)["pid"] for (out, _), _ in ended}
        assert len(found) == 1 and daemons(tmp_path) == found
        assert {json.loads(out)["home"] for (out, _), _ in ended} == {str(home)}
        assert fresh("daemon", "stop", "--home", str(link), "--json").json["pid"] in found
    finally:
        for process in daemons(tmp_path):
            os.kill(process, signal.SIGKILL)


def test_a_moved_home_takes_its_history_with_it_and_its_place_is_free(
    started: tuple[Any, int], tmp_path: Path, wait_until: Until
) -> None:
    allele, pid = started
    moved = allele.home.with_name("moved")
    allele.home.rename(moved)
    new = pid_of(allele)
    assert new != pid
    wait_until(lambda: daemons(tmp_path) == {new}, "the end of the daemon whose home was moved")
    assert "moved or removed" in (moved / "logs" / "daemon.log").read_text()
    assert allele("daemon", "status", "--json").json["pid"] == new
    assert pid_of(allele, "--home", str(moved)) not in (pid, new)


def test_a_daemon_that_holds_the_home_and_does_not_answer_is_named(started: tuple[Any, int], tmp_path: Path) -> None:
    allele, pid = started
    os.kill(pid, signal.SIGSTOP)
    shutil.rmtree(places_of(allele.home).run)
    try:
        refused = allele("corpus", "list")
        assert f"(process {pid}) runs, but does not answer" in refused.error and f"kill {pid}" in refused.error
        assert refused.err.count("\n") == 2, refused.err  # one line while it waits, one at the end
        assert f"(process {pid}) is not reachable at" in refused.err
        assert daemons(tmp_path) == {pid}
    finally:
        os.kill(pid, signal.SIGCONT)
    assert allele("daemon", "status", "--json").json["pid"] == pid
