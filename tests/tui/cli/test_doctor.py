"""What the doctor says of machines that this one is not. The whole of it runs in tests/e2e."""

import json
from argparse import Namespace
from pathlib import Path

import pytest

from protocol.errors import AlleleError
from protocol.places import places_of
from tui.cli import doctor
from tui.cli.output import Output


def test_a_home_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file")
    check = doctor.check_home(places_of(occupied / "home"))
    assert check.status == "fail" and str(occupied) in check.detail and "--home" in check.mend
    assert doctor.check_home(places_of(tmp_path / "new" / "home")).status == "ok"
    assert not (tmp_path / "new").exists()


def test_what_fails_in_the_engine_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = doctor.ASK_ENGINE.replace("import torchaudio\n", "raise OSError('libc10_cuda.so: no such file')\n")
    broken = broken.replace("    import torch\n    devices", "    raise ImportError('no torch')\n    devices")
    broken = broken.replace("import vector_quantize_pytorch, safetensors, soundfile", "import soundfile")
    monkeypatch.setattr(doctor, "ASK_ENGINE", broken)
    checks = {check.name: check for check in doctor.check_engine()}
    assert {name: check.status for name, check in checks.items()} == {
        "torch": "fail",
        "torchaudio": "fail",
        "codec": "ok",
        "formats": "ok",
    }
    assert checks["torch"].detail == "no torch"
    assert "libc10_cuda" in checks["torchaudio"].detail and "scripts/setup" in checks["torchaudio"].mend


def test_a_crashing_library_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ASK_SOUND", "import os; os.kill(os.getpid(), 11)")
    check = doctor.check_sound()
    assert check.status == "warn" and "-11" in check.detail and "libportaudio2" in check.mend
    monkeypatch.setattr(doctor, "ASK_SOUND", 'print(\'{"portaudio": "PortAudio 19", "output": ""}\')')
    assert "no output device" in doctor.check_sound().detail
    monkeypatch.setattr(doctor, "ASK_SOUND", 'print("noise"); print(\'{"portaudio": "P", "output": "Speakers"}\')')
    assert doctor.check_sound().status == "ok"


def test_little_space_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "LOW_SPACE_BYTES", 1 << 62)
    assert doctor.check_space(places_of(tmp_path / "not" / "there")).status == "warn"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TERM": "xterm-256color"}, "256 colours"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "16 million"),
        ({"TERM": "linux"}, "16 colours"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "no colour"),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/tmux"}, "in tmux"),
    ],
)
def test_terminals_are_described(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str) -> None:
    for name in ("TERM", "COLORTERM", "NO_COLOR", "TMUX", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert said in doctor.check_terminal().detail


def test_a_failure_is_exit_1_and_all_checks_are_still_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    failing = doctor.Check("torch", "fail", "not there", "install it")
    monkeypatch.setattr(doctor, "_looks", lambda _: [lambda: [failing], lambda: [doctor.check_python()]])
    arguments = Namespace(home=str(tmp_path), connect=None)
    with pytest.raises(AlleleError, match="torch"):
        doctor.doctor(arguments, Output(as_json=True))
    printed = json.loads(capsys.readouterr().out)
    assert not printed["ok"] and [check["name"] for check in printed["checks"]] == ["torch", "python"]
    with pytest.raises(AlleleError):
        doctor.doctor(arguments, Output(as_json=False))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "FAIL  torch       not there" and lines[1].strip() == "install it"
