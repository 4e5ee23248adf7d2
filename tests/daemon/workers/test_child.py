"""A job's process leaves when its work is done."""

import os
import socket
import subprocess
import sys
import textwrap

import pytest

from daemon.supervision.pipe import pack_parcel, read_parcel_blocking

JOB = """
    import atexit, sys, threading, time
    import msgspec
    from daemon.workers.child import run_job

    class Spec(msgspec.Struct):
        lingers_s: float
        fails: bool

    def work(wire, spec, log):
        atexit.register(print, "late", flush=True)
        threading.Thread(target=time.sleep, args=(spec.lingers_s,)).start()
        print("said", end="")
        if spec.fails:
            raise OSError("no")
        return {"state": "finished", "result": {}}

    run_job(sys.argv[1:], 0, Spec, work)
"""


@pytest.mark.parametrize(("fails", "last"), [(False, "ended"), (True, "failed")])
def test_what_a_job_leaves_behind_is_not_waited_for(fails: bool, last: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-c", textwrap.dedent(JOB), str(theirs.fileno()), str(os.getpid())]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=(theirs.fileno(),), text=True)
        theirs.close()
        for piece in pack_parcel({"op": "start", "log": "job.jsonl", "spec": {"lingers_s": 30.0, "fails": fails}}):
            ours.sendall(piece)
        with ours.makefile("rb") as stream:
            assert read_parcel_blocking(stream).fields["type"] == last
        said, _ = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, "said")
