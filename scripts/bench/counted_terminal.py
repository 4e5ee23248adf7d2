"""A pty with the real TUI in it, which counts the bytes that arrive; for the benchmarks of what the editor draws."""

import fcntl
import json
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

APP = Path(__file__).with_name("scripted_app.py")
FRAMES = 2000
SIZE = (211, 50)  # eleven columns of level names: 12 × 200 cells are visible
QUIET_S = 0.15
SETS_THE_SCREEN = ("NO_COLOR", "COLORTERM", "SSH_CONNECTION", "COLUMNS", "LINES")
"""What of the environment would be obeyed instead of the pty made here."""


class Terminal:
    """A pty with the app in it."""

    def __init__(self, env: dict[str, str], frames: int = FRAMES) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        self._socket, other = socket.socketpair()
        command = [sys.executable, str(APP), str(other.fileno()), str(frames)]
        environment = {k: v for k, v in os.environ.items() if k not in SETS_THE_SCREEN}
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            pass_fds=(other.fileno(),),
            env={**environment, **env},
            start_new_session=True,
        )
        os.close(slave)
        other.close()

    def read(self, patience_s: float = QUIET_S) -> bytes:
        """Everything that arrives until nothing does for a while."""
        data = b""
        while select.select([self.master], [], [], patience_s)[0]:
            try:
                more = os.read(self.master, 1 << 16)
            except OSError:
                break
            if not more:
                break
            data += more
        return data

    def step(self, name: str, patience_s: float = QUIET_S) -> tuple[bytes, Any]:
        """Ask for a step; what the terminal got until it was quiet for a while, and the answer."""
        self._socket.sendall(name.encode() + b"\n")
        answer = json.loads(self._socket.recv(4096))
        return self.read(patience_s), answer

    def close(self) -> None:
        try:
            self._socket.sendall(b"quit\n")
            self.read(0.5)
            self.process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self._socket.close()
        os.close(self.master)
