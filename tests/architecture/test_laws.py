"""The laws of ARCHITECTURE.md: what may import what, and what actually gets imported in a fresh interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "torchaudio", "vector_quantize_pytorch", "soundfile", "av")


def run_python(code: str, *, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Isolated mode, so that neither the working folder nor PYTHON* variables help."""
    return subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=timeout_s, cwd="/", check=False
    )


def modules_of(package: str) -> list[str]:
    """Every module below a package, by its files."""
    folder = ROOT / package.replace(".", "/")
    found = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in folder.rglob("*.py")]
    return sorted(name.removesuffix(".__init__") for name in found if not name.endswith("__main__"))


def reached(modules: list[str], forbidden: tuple[str, ...]) -> str:
    """What of `forbidden` an interpreter holds after importing `modules`."""
    code = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        f"print(sorted(name for name in {set(forbidden)!r} if name in sys.modules))"
    )
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_contracts_are_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    environment = os.environ | {"COLUMNS": "200"}
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


BROKER = ("daemon.server", "daemon.jobs", "daemon.runs", "daemon.playback", "daemon.supervision", "daemon.store")


@pytest.mark.parametrize("package", ["protocol", *BROKER, "tui"])
def test_broker_protocol_and_clients_load_neither_torch_nor_an_audio_codec(package: str) -> None:
    assert reached(modules_of(package), HEAVY) == "[]"


def test_the_broker_process_itself_loads_neither_torch_nor_an_audio_codec() -> None:
    assert reached(["daemon.__main__"], HEAVY) == "[]"


def test_the_command_line_starts_without_sockets_arrays_or_textual() -> None:
    heavy = (*HEAVY, "zmq", "numpy", "textual", "rich", "msgspec", "asyncio", "sounddevice")
    assert reached(["tui.__main__", "tui.cli.parser"], heavy) == "[]"


PURE = (
    *("codec", "dsp", "corpus", "training", "runs", "blending", "atlas", "render"),
    *("prior", "generation", "novelty"),
)
"""Folders of the daemon that make and measure sound."""
SHARED = ("protocol", "protocol.atomic", "protocol.engines", "protocol.units")
"""The parts of the protocol that they may load."""


def test_what_makes_and_measures_sound_loads_no_sockets() -> None:
    modules = [name for package in PURE for name in modules_of(f"daemon.{package}")]
    wire = [name for name in modules_of("protocol") if name not in SHARED]
    assert reached(modules, ("zmq", "msgpack", *wire)) == "[]"


def test_tui_model_loads_no_textual() -> None:
    modules = [name for package in ("model", "actions", "input") for name in modules_of(f"tui.{package}")]
    assert reached(modules, ("textual", "rich")) == "[]"


def test_protocol_loads_no_sockets_and_no_loop() -> None:
    assert reached(modules_of("protocol"), ("zmq", "asyncio", "textual", "sqlite3")) == "[]"


def test_a_planted_import_is_noticed() -> None:
    assert reached(["sqlite3", "protocol.frames"], ("zmq", "sqlite3")) == "['sqlite3']"


@pytest.mark.parametrize("package", ["protocol", "daemon", "tui"])
def test_names_resolve_to_this_checkout(package: str) -> None:
    done = run_python(f"import {package}; print({package}.__file__)")
    assert Path(done.stdout.strip()) == ROOT / package / "__init__.py", done.stderr


def test_init_files_import_nothing() -> None:
    """An eager import in a package would drag its heaviest module into everything below it."""
    for package in ("protocol", "daemon", "tui"):
        for path in (ROOT / package).rglob("__init__.py"):
            lines = [
                line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(("import", "from"))
            ]
            assert lines == [], path
