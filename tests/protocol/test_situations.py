"""Exceptions that tell of the machine become errors; what nothing explains stays a defect."""

import errno
import os

import pytest
import zmq

from protocol.errors import AlleleError
from protocol.situations import situation


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (errno.ENOSPC, "E_DISK_FULL", "free some space"),
        (errno.EDQUOT, "E_DISK_FULL", "free some space"),
        (errno.EMFILE, "E_BUSY", "ulimit -n"),
        (errno.ENOMEM, "E_OOM", "close other programs"),
        (errno.EACCES, "E_IO", "permissions"),
        (errno.EROFS, "E_IO", "another folder"),
        (errno.EIO, "E_IO", "check the disk"),
        (errno.ECONNREFUSED, "E_UNAVAILABLE", "daemon start"),
        (errno.EPIPE, "E_UNAVAILABLE", "try again"),
        (errno.EXDEV, "E_IO", "permissions"),
    ],
)
def test_a_number_of_the_system_is_a_line_with_the_file_and_what_to_do(number: int, code: str, word: str) -> None:
    found = situation(OSError(number, os.strerror(number), "/music/one.wav"))
    assert found is not None and found.code == code
    assert found.message.startswith("/music/one.wav: ") and word in found.hint
    assert "remove" not in str(found).lower() and "delete" not in str(found).lower()


def test_other_exceptions_of_the_machine_are_known() -> None:
    for problem, code in (
        (MemoryError(), "E_OOM"),
        (zmq.ZMQError(errno.EMFILE), "E_BUSY"),
        (ModuleNotFoundError("No module named 'safetensors'"), "E_UNAVAILABLE"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "E_IO"),
    ):
        found = situation(problem)
        assert found is not None and found.code == code, problem
    said = AlleleError("E_RANGE", "no such frame")
    assert situation(said) is said


@pytest.mark.parametrize("problem", [ValueError("x"), KeyError("x"), AssertionError(), TypeError("x"), RuntimeError()])
def test_a_defect_stays_a_defect(problem: Exception) -> None:
    assert situation(problem) is None
