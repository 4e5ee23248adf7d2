"""Advice that fits how Allele was installed, and a client without the daemon's packages, run as a program."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.errors import AlleleError
from tui import installation

ROOT = Path(__file__).resolve().parents[2]
DAEMON_ONLY = ("torch", "torchaudio", "vector_quantize_pytorch", "safetensors", "soundfile", "_soundfile")


@pytest.fixture(autouse=True)
def forget() -> None:
    installation.install_command.cache_clear()


@pytest.mark.parametrize(
    ("file", "root", "said"),
    [
        ("pipx_metadata.json", "site-packages", "pipx runpip allele install 'allele[daemon]'"),
        ("uv-receipt.toml", "site-packages", "uv pip install --python"),
        ("nothing", "site-packages", "-m pip install 'allele[daemon]'"),
        ("scripts/setup", "", "-m pip install --editable"),
        (".venv/scripts/setup", ".venv", "-m pip install --editable"),
    ],
)
def test_the_command_that_adds_the_daemon_fits_the_installation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, root: str, said: str
) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(installation, "ROOT", tmp_path / root)
    monkeypatch.setattr(installation, "_installer", lambda: "pip")
    assert said in installation.install_command()


def test_a_checkout_with_its_own_environment_is_set_up_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "setup").touch()
    monkeypatch.setattr(installation, "ROOT", tmp_path.resolve())
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert installation.install_command() == str(tmp_path.resolve() / "scripts" / "setup")


def test_one_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "DAEMON_PACKAGES", ("msgspec", "a_missing_package"))
    with pytest.raises(AlleleError, match="a_missing_package not installed") as refused:
        installation.require_daemon()
    assert "client" not in refused.value.message


@pytest.fixture
def client(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """The program in an interpreter that sees every installed package but the daemon's own."""
    installed = Path(pytest.__file__).parents[1]
    packages = tmp_path / "packages"
    packages.mkdir()
    for entry in installed.iterdir():
        name = entry.name.partition(".")[0].partition("-")[0]
        if name not in DAEMON_ONLY and entry.suffix != ".pth":
            (packages / entry.name).symlink_to(entry)
    code = f"import sys; sys.path += {[str(ROOT), str(packages)]!r}; from tui.__main__ import main; sys.exit(main())"

    def run(*words: object) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "ALLELE_HOME": str(tmp_path / "home"), "TERM": "xterm-256color"}
        command = [sys.executable, "-S", "-P", "-c", code, *map(str, words)]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


@pytest.mark.e2e
def test_a_client_without_the_daemon_says_that_it_is_one(
    client: Callable[..., "subprocess.CompletedProcess[str]"],
) -> None:
    """The doctor is content; what needs a daemon says in one line how to get one."""
    found = client("doctor")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "FAIL" not in found.stdout and "this is only the client" in found.stdout
    assert "[daemon]" in found.stdout and "--connect" in found.stdout
    for words in (("daemon", "start"), ("train", "corpus", "--name", "model"), ("corpus", "list")):
        refused = client(*words)
        assert refused.returncode == 1 and refused.stdout == ""
        (line,) = refused.stderr.splitlines()
        assert line.startswith("error: this is Allele's client"), line
        assert "[daemon]" in line and "--connect" in line and "safetensors" not in line
