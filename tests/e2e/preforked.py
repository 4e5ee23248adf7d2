"""A process that has imported the `allele` command and forks a child for each command that a test runs to its end.

A test machine would otherwise spend most of a command's time on importing. Each child is a process of its own, with the
arguments, environment, folder and streams of the command, and runs the same `main`. Commands that a test does not wait
for (`Allele.start`) are started as a user starts them, so importing is tested too.

Protocol: a message on the socket is JSON with four file descriptors: standard input, output, error, and a pipe that
receives the child's process id and then its exit status, each on a line. The process ends when the socket is closed.
"""

import importlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

LARGEST = 1 << 20


def preload() -> None:
    """Import what any command may import."""
    from tui.cli.commands import COMMANDS

    for module in ("tui.__main__", "tui.cli.program", "tui.cli.parser", "tui.cli.output", "tui.transport.client"):
        importlib.import_module(module)
    for command in COMMANDS:
        importlib.import_module(command.handler.partition(":")[0])


def become(request: dict[str, Any], fds: list[int]) -> int:
    """Run a command in this process and return its exit status."""
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["allele", *request["words"]]
    from tui.__main__ import main

    return main()


def serve(requests: socket.socket) -> int:
    """Fork a child for each request. Returns in the parent when the socket is closed, and in a child after its command.

    A process in between waits for the child, because only a parent learns the exit status.
    """
    while True:
        data, fds, _, _ = socket.recv_fds(requests, LARGEST, 4)
        if not data:
            return 0
        *streams, report = fds
        if os.fork():
            for fd in fds:
                os.close(fd)
            os.wait()
            continue
        if os.fork():
            os._exit(0)  # so that the parent goes on at once
        child = os.fork()
        if not child:
            requests.close()
            os.close(report)
            return become(json.loads(data), list(streams))
        for fd in streams:
            os.close(fd)
        os.write(report, f"{child}\n".encode())
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(report, f"{status}\n".encode())
        os._exit(0)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    preload()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(serve(socket.socket(fileno=int(sys.argv[1]))))
