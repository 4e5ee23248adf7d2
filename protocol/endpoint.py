"""The address of a daemon: all that a client needs in order to connect, and what `--connect` names.

An endpoint is the folder that contains the daemon's three Unix sockets. It does not reveal the daemon's home: a client
that needs a folder of the daemon requests it from the daemon.
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
        """The path of the Unix socket of this name."""
        return self.folder / f"{name}.sock"

    def address(self, name: str) -> str:
        """The ZeroMQ address of the Unix socket of this name."""
        return f"{SCHEME}{self.socket(name)}"

    def answers(self) -> bool:
        """Whether a process accepts connections on the ctl socket. ZeroMQ's own connect never reports it."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(PROBE_S)
            try:
                probe.connect(str(self.socket("ctl")))
            except OSError:
                return False
            return True


def parse_endpoint(text: str) -> Endpoint:
    """Parse an endpoint: a run folder, its ctl socket, or that socket as an `ipc://` address.

    Raises:
        AlleleError: E_UNAVAILABLE for another machine or a folder that does not exist, E_IO for a name that is not
            UTF-8.
    """
    plain = text.removeprefix(SCHEME)
    if "://" in plain:
        raise AlleleError(
            "E_UNAVAILABLE",
            f"--connect {text}: this version connects only to daemons on this machine",
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
            f"--connect {text}: this version cannot connect to another machine",
            hint=f"run allele there: ssh -t {text} allele",
        )
    raise AlleleError(
        "E_UNAVAILABLE",
        f"--connect {text}: there is no such run folder",
        hint="allele daemon status shows a daemon's endpoint",
    )
