"""The daemon's log: one current file and three older ones, with one line for each event."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 1 << 20
OLD_LOGS = 3
LINE = "%(asctime)s %(levelname).1s %(name)s: %(message)s"


def open_log(path: Path, *, to_terminal: bool) -> None:
    """Write all log records of the "allele" loggers to `path`, and with `to_terminal` to stderr too."""
    root = logging.getLogger("allele")
    root.setLevel(logging.INFO)
    root.propagate = False
    file = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=OLD_LOGS)
    file.setFormatter(logging.Formatter(LINE))
    root.addHandler(file)
    if to_terminal:
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setFormatter(_OneLine(LINE))
        root.addHandler(terminal)


class _OneLine(logging.Formatter):
    """Formats records for the terminal as one line each. Tracebacks are written only to the file."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{self.formatTime(record)} {record.levelname[:1]} {record.name}: {record.getMessage()}"
