"""Ledger of finished cells, one line of JSON each, so that a killed run continues where it was.

A line is appended with fsync when a cell ends. A torn last line (a kill in the middle of writing) is a cell that is
not done; nothing before it is lost. Of several lines of one cell the last one counts.
"""

import os
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from peers.records import Cell, Record


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=_Keyed)


class Lines(Generic[T]):
    """The file of one kind of records, made when the first is added."""

    def __init__(self, path: Path, kind: type[T]) -> None:
        self.path, self._kind = path, kind

    def records(self) -> dict[str, T]:
        """The last record of every key."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return {}
        found: dict[str, T] = {}
        for line in lines:
            try:
                record = msgspec.json.decode(line, type=self._kind)
            except msgspec.DecodeError:  # torn, or of another version: not done
                continue
            found[record.key] = record
        return found

    def add(self, record: T) -> None:
        """Append a line durably to the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            file.seek(0, os.SEEK_END)
            torn = file.tell() > 0 and not self.path.read_bytes().endswith(b"\n")
            file.write((b"\n" if torn else b"") + msgspec.json.encode(record) + b"\n")
            file.flush()
            os.fsync(file.fileno())


class Ledger(Lines[Record]):
    """Ledger of the cells of `bench_codec.py`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, Record)

    def is_done(self, cell: Cell, code: str | None) -> bool:
        """Whether a cell needs no run, because it succeeded with this code (with any code if None)."""
        record = self.records().get(cell.key)
        return record is not None and record.outcome is not None and code in (None, record.code)
