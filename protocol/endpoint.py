"""Where a daemon can be reached: all that a client needs to know of it, and all that `--connect` names.

An endpoint is the folder that holds the daemon's three unix sockets. It says nothing about the daemon's home: a client
that wants a folder of the daemon asks the daemon.
"""

import socket
from pathlib import Path
from typing import NamedTuple

from protocol.errors import AlleleError
from protocol.naming import check_name, expanded

PROBE_S = 0.5
SCHEME = "ipc://"


class Endpoint(NamedTuple):
    """The sockets `ctl`, `evt` and `aud` of one daemon."""

    folder: Path

    def __str__(self) -> str:
        return self.address("ctl")

    def socket(self, name: str) -> Path:
        """The path of a unix socket."""
        return self.folder / f"{name}.sock"

    def address(self, name: str) -> str:
        """The same socket as ZeroMQ writes it."""
        return f"{SCHEME}{self.socket(name)}"

    def answers(self) -> bool:
        """Whether somebody accepts connections on the ctl socket. ZeroMQ's own connect never says that nobody does."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(PROBE_S)
            try:
                probe.connect(str(self.socket("ctl")))
            except OSError:
                return False
            return True


def parse_endpoint(text: str) -> Endpoint:
    """Read an endpoint: a run folder, its ctl socket, or that socket as an `ipc://` address.

    Raises:
        AlleleError: E_UNAVAILABLE for another machine and for a folder that is not there, E_IO for a name that is not
            UTF-8.
    """
    plain = text.removeprefix(SCHEME)
    if "://" in plain:
        raise AlleleError(
            "E_UNAVAILABLE",
            f"--connect {text}: this version reaches only daemons of this machine",
            hint="name a run folder or ipc://…/ctl.sock",
        )
    path = expanded(Path(plain)).absolute()
    if path.name == "ctl.sock":
        path = path.parent
    check_name(path)
    if path.is_dir():
        return Endpoint(path)
    if "@" in plain and not path.exists():
        raise AlleleError(
            "E_UNAVAILABLE",
            f"--connect {text}: connecting to another machine is not in this version",
            hint=f"run allele there: ssh -t {text} allele",
        )
    raise AlleleError(
        "E_UNAVAILABLE",
        f"--connect {text}: there is no such run folder",
        hint="allele daemon status shows a daemon's endpoint",
    )
