"""What the doctor says of machines that this one is not. The whole of it runs in tests/e2e."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from protocol.errors import AlleleError
from protocol.places import places_of
from tui.cli import checks, doctor, engine_checks
from tui.cli.output import Output
from tui.player.probe import SoundProbe


def test_a_home_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file")
    check = checks.check_home(places_of(occupied / "home"))
    assert check.status == "fail" and str(occupied) in check.detail and "--home" in check.hint
    assert checks.check_home(places_of(tmp_path / "new" / "home")).status == "ok"
    assert not (tmp_path / "new").exists()


def test_what_fails_in_the_engine_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = engine_checks.ASK_ENGINE.replace("import torchaudio\n", "raise OSError('libc10_cuda.so: no such file')\n")
    broken = broken.replace("    import torch\n    devices", "    raise ImportError('no torch')\n    devices")
    broken = broken.replace("import vector_quantize_pytorch, safetensors, soundfile", "import soundfile")
    monkeypatch.setattr(engine_checks, "ASK_ENGINE", broken)
    found = {check.name: check for check in engine_checks.check_engine()}
    assert {name: check.status for name, check in found.items()} == {
        "torch": "fail",
        "torchaudio": "fail",
        "codec": "ok",
        "formats": "ok",
    }
    assert found["torch"].detail == "no torch"
    assert "libc10_cuda" in found["torchaudio"].detail and "scripts/setup" in found["torchaudio"].hint


def test_a_crashing_interpreter_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_checks, "ASK_ENGINE", "import os; os.kill(os.getpid(), 11)")
    assert [(check.status, check.detail) for check in engine_checks.check_engine()] == [
        *[("fail", "it ended with status -11")] * 3,
        ("warn", "it ended with status -11"),  # without PyAV some formats are not read, all else works
    ]


@pytest.mark.parametrize(
    ("probe", "status", "words"),
    [
        (SoundProbe(default="Speakers", latency_ms=20), "ok", "Speakers"),
        (SoundProbe(problem="this machine has no sound device", hint="plug one in"), "warn", "no sound device"),
    ],
)
def test_sound_is_what_the_player_finds(
    monkeypatch: pytest.MonkeyPatch, probe: SoundProbe, status: str, words: str
) -> None:
    monkeypatch.setattr(engine_checks, "probe_sound", lambda _: probe)
    check = engine_checks.check_sound()
    assert check.status == status and words in check.detail and probe.hint in check.hint


def test_modules_in_pythonpath_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert checks.shadowing_file([str(tmp_path), str(tmp_path / "missing")]) is None
    (tmp_path / "numpy").mkdir()
    assert checks.shadowing_file([str(tmp_path)]) is None
    (tmp_path / "numpy" / "__init__.py").touch()
    monkeypatch.setattr("allele.pythonpath", lambda: [str(tmp_path)])
    found = checks.check_python()
    assert found.status == "ok" and str(tmp_path / "numpy") in found.detail and "unset PYTHONPATH" in found.hint


NAMES = ["python", "torch", "torchaudio", "codec", "formats", "sound", "terminal", "home", "disk", "daemon"]


@pytest.mark.parametrize("as_json", [True, False])
def test_every_check_is_printed_whatever_each_of_them_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, as_json: bool
) -> None:
    """Nothing that a check raises, foreseen or not, keeps the next one from being made."""
    arguments = Namespace(home=str(tmp_path), connect=None)
    problems = [ValueError(""), OSError(24, "Too many open files"), MemoryError(), KeyError("HOME"), RecursionError()]

    def broken(problem: Exception) -> Any:
        def look(*_: object) -> Any:
            raise problem

        return look

    looks = doctor.check_functions(arguments)
    torn = [(names, broken(problems[i % len(problems)])) for i, (names, _) in enumerate(looks)]
    monkeypatch.setattr(doctor, "check_functions", lambda _: torn)
    assert doctor.doctor(arguments, Output(as_json=as_json)) == 0
    out = capsys.readouterr().out
    if as_json:
        assert [check["name"] for check in json.loads(out)["checks"]] == NAMES
    else:
        assert [line.split()[1] for line in out.splitlines()] == NAMES


def test_without_a_home_the_rest_is_still_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(_: Namespace) -> Any:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(doctor, "locate", nowhere)
    monkeypatch.setattr(doctor, "own_places", nowhere)
    arguments = Namespace(home=None, connect=None)
    found = [doctor.guarded(*look)[0] for look in doctor.check_functions(arguments) if look[0][0] in NAMES[-3:]]
    assert [(check.name, check.status) for check in found] == [("home", "fail"), ("disk", "warn"), ("daemon", "warn")]
    assert "--home" in found[0].hint


def test_little_space_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checks, "LOW_SPACE_BYTES", 1 << 62)
    assert checks.check_space(places_of(tmp_path / "not" / "there")).status == "warn"


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
    assert said in checks.check_terminal().detail


def test_a_failure_is_exit_1_and_all_checks_are_still_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    failing = checks.Check("torch", "fail", "not there", "install it")
    monkeypatch.setattr(
        doctor, "check_functions", lambda _: [(("torch",), lambda: failing), (("python",), checks.check_python)]
    )
    arguments = Namespace(home=str(tmp_path), connect=None)
    with pytest.raises(AlleleError, match="torch"):
        doctor.doctor(arguments, Output(as_json=True))
    printed = json.loads(capsys.readouterr().out)
    assert not printed["ok"] and [check["name"] for check in printed["checks"]] == ["torch", "python"]
    with pytest.raises(AlleleError):
        doctor.doctor(arguments, Output(as_json=False))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "FAIL  torch       not there" and lines[1].strip() == "install it"
