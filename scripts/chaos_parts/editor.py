"""The editor of scripts/chaos.py: the real program in a pseudo-terminal, driven with random keys."""

import fcntl
import json
import os
import pty
import random
import signal
import struct
import sys
import termios
import threading
from pathlib import Path

import numpy as np

from chaos_parts.requests import LostError, Q, T, open_strand, until_answered
from protocol.messages.models import ModelInfo
from protocol.messages.strands import GetStrand, GetWorkspace, PutWorkspace
from tui.transport.client import Client

KEYS = ("l", "h", "j", "k", "r3\r", "s", "u", "\x12", "v", "\x1b", "y", "p", "w", "5l", "\t", "]", "[", ".", " ", "M")


class EditorInTerminal:
    """The editor in a pty on two strands, driven with random keys."""

    def __init__(self, home: Path, rng: random.Random, client: Client) -> None:
        self.home, self.rng, self.client = home, rng, client
        self.pid, self.master = 0, -1
        self.revs: dict[str, int] = {}

    async def begin(self, model: ModelInfo) -> None:
        """Open two strands, put them into the workspace, and start the editor."""
        codes = np.zeros((Q, T), np.uint16)
        self.revs = {await open_strand(self.client, model, name, codes): 0 for name in ("three", "four")}
        panes = [{"strand": strand, "cursor": [0, 0]} for strand in self.revs]
        state = json.dumps({"format": 1, "screen": "editor", "panes": panes})
        await until_answered(self.client, PutWorkspace(state=state))
        self.start()

    def start(self) -> None:
        """Start the editor as `allele` on the command line does."""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup a hang-up would be lost while it starts
            more = {"ALLELE_HOME": str(self.home), "ALLELE_SOUND": "none", "TERM": "xterm-256color"}
            os.execve(sys.executable, [sys.executable, "-P", "-m", "tui"], {**os.environ, **more})
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        threading.Thread(target=_drain, args=(self.master,), daemon=True).start()

    def type(self) -> None:
        """Type a few random keys."""
        try:
            for _ in range(3):
                os.write(self.master, self.rng.choice(KEYS).encode())
        except OSError:
            pass  # it was killed; the round ends

    def end(self, number: int) -> None:
        """Send a signal to the editor and wait for its end."""
        os.kill(self.pid, number)
        os.waitpid(self.pid, 0)
        os.close(self.master)

    async def check(self) -> None:
        """Check that both strands exist, that their revisions did not decrease, and that both are shown."""
        for strand, rev in self.revs.items():
            info = (await until_answered(self.client, GetStrand(strand=strand))).body
            if info.rev < rev:
                raise LostError(f"the editor's strand {strand} went back from revision {rev} to {info.rev}")
            self.revs[strand] = info.rev
        state = (await until_answered(self.client, GetWorkspace())).body.state
        if not all(strand in state for strand in self.revs):
            raise LostError(f"the editor forgot what it showed: {state}")


def _drain(master: int) -> None:
    try:
        while os.read(master, 1 << 16):
            pass
    except OSError:
        return
