"""What an exception in a worker becomes: a code and a line in words."""

import errno
import os
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.atlas.errors import AtlasError
from daemon.codec.errors import CodecError
from daemon.corpus.errors import CorpusError
from daemon.runs.checkpoint import load_newest
from daemon.runs.errors import TrainingError, TrainingMemoryError
from daemon.workers.failures import describe_failure
from daemon.workers.training import _measure
from protocol.errors import AlleleError


def test_a_full_disk_is_said_in_words_with_the_file_where_it_is_known() -> None:
    for name, said in (((), "no space is left on the disk"), (("/m/log",), "/m/log: no space is left on the disk")):
        told = describe_failure(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *name))
        assert (told.code, told.message) == ("E_DISK_FULL", said)
        assert "free some space" in told.hint


@pytest.mark.parametrize(
    ("problem", "code", "can_resume"),
    [
        (CodecError("codes do not fit"), "E_BAD_REQUEST", True),
        (CodecError("it is of an earlier Allele", "train it again", can_resume=False), "E_BAD_REQUEST", False),
        (AtlasError("there is none"), "E_NO_ATLAS", True),
        (CorpusError("its cache is damaged"), "E_IO", True),
        (TrainingError("no number", "another seed", can_resume=False), "E_BAD_REQUEST", False),
        (TrainingMemoryError("a step does not fit"), "E_OOM", True),
        (AlleleError("E_TOO_SHORT", "a blip"), "E_TOO_SHORT", True),
        (MemoryError(), "E_OOM", True),
        (FileNotFoundError(errno.ENOENT, "no such file", "/a"), "E_NOT_FOUND", True),
        (ZeroDivisionError("oh"), "E_ENGINE", True),
    ],
)
def test_an_exception_gives_its_own_code_and_whether_resuming_can_help(
    problem: Exception, code: str, can_resume: bool
) -> None:
    told = describe_failure(problem)
    assert (told.code, told.can_resume) == (code, can_resume)
    assert told.message and "\n" not in told.message


def test_an_error_that_a_full_disk_caused_keeps_its_own_words() -> None:
    cause = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    told = describe_failure(raised_from(TrainingError("a checkpoint could not be written.", "Free some space."), cause))
    assert (told.code, told.message) == ("E_DISK_FULL", "a checkpoint could not be written.")
    assert told.hint == "Free some space."


def raised_from(problem: Exception, cause: Exception) -> Exception:
    """The problem as it is caught when the cause led to it."""
    problem.__cause__ = cause
    return problem


def test_too_many_open_files_name_the_limit_whatever_wraps_them() -> None:
    plain = OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/a.wav")
    for problem in (
        plain,
        CodecError("/m/codec: cannot be read.", "Train it again."),
        RuntimeError("open failed"),
    ):
        if problem is not plain:
            problem.__cause__ = plain
        told = describe_failure(problem)
        assert told.code == "E_IO" and "ulimit -n" in told.hint, told
        assert "Train" not in told.hint


def test_a_checkpoint_that_cannot_be_read_now_is_not_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "step-00000007").mkdir()
    (tmp_path / "step-00000007" / "manifest.json").write_text("{}")

    def refuse(path: Path) -> bytes:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refuse)
        with pytest.raises(TrainingError, match="ulimit -n"):
            load_newest(tmp_path)
    assert (tmp_path / "step-00000007" / "manifest.json").exists()


def test_a_model_without_an_atlas_says_what_to_type(tmp_path: Path) -> None:
    sent: list[dict[str, Any]] = []
    wire: Any = SimpleNamespace(send=sent.append, cancelled=Event())
    (tmp_path / "my model").mkdir()
    _measure(wire, tmp_path / "my model", tmp_path / "no corpus")
    assert "to measure it: allele model atlas 'my model'" in sent[-1]["report"].decode()
