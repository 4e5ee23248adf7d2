"""The daemon's own log: one file, three old ones, a line per happening."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 1 << 20
OLD_LOGS = 3


def open_log(path: Path, *, to_terminal: bool) -> None:
    """Send everything logged below "allele" to `path`, and to stderr when asked."""
    root = logging.getLogger("allele")
    root.setLevel(logging.INFO)
    root.propagate = False
    handlers: list[logging.Handler] = [RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=OLD_LOGS)]
    if to_terminal:
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname).1s %(name)s: %(message)s"))
        root.addHandler(handler)
