"""What an exception in a worker becomes: a code and a line in words."""

import errno
import os
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

from daemon.engine.failures import describe_failure
from daemon.engine.training_worker import _measure


def test_a_full_disk_is_said_in_words_with_the_file_where_it_is_known() -> None:
    for name, said in (((), "no space is left on the disk"), (("/m/log",), "/m/log: no space is left on the disk")):
        told = describe_failure(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *name))
        assert (told["code"], told["message"]) == ("E_DISK_FULL", said)
        assert "free some space" in told["hint"]


def test_a_model_without_an_atlas_says_what_to_type(tmp_path: Path) -> None:
    sent: list[dict[str, Any]] = []
    wire: Any = SimpleNamespace(send=sent.append, cancelled=Event())
    (tmp_path / "my model").mkdir()
    _measure(wire, tmp_path / "my model", tmp_path / "no corpus")
    assert "allele model atlas 'my model' makes it" in sent[-1]["report"].decode()
