"""Set-up on machines that this one is not: no Python, a broken environment, CUDA and none. No network is used."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("pyproject.toml", "constraints.txt", "scripts/setup", "scripts/install.py")


@pytest.fixture(scope="module")
def install() -> ModuleType:
    """scripts/install.py as a module."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "scripts" / "install.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that set-up depends on, without an environment."""
    root = tmp_path / "check out"
    for name in NEEDED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    return root


@pytest.fixture
def without_python(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH has what the shell script needs and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "cat", "cksum", "dirname"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return {"PATH": str(folder), "HOME": str(tmp_path)}


def run_setup(root: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    bash = shutil.which("bash")
    assert bash is not None
    return subprocess.run(
        [bash, root / "scripts" / "setup"], env=environment, capture_output=True, text=True, timeout=30, check=False
    )


def test_without_a_python_it_says_what_to_install(checkout: Path, without_python: dict[str, str]) -> None:
    done = run_setup(checkout, without_python)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "no Python 3.11" in line and "apt install" in line and "brew install" in line


def test_an_old_python_is_passed_over_or_refused_by_name(
    checkout: Path, without_python: dict[str, str], tmp_path: Path
) -> None:
    old = tmp_path / "bin" / "python3"
    old.write_text("#!/usr/bin/env bash\nexit 1\n")
    old.chmod(0o755)
    assert "no Python 3.11" in run_setup(checkout, without_python).stderr
    done = run_setup(checkout, without_python | {"PYTHON": "python3"})
    assert done.returncode == 1 and "PYTHON=python3 is not" in done.stderr


def test_when_nothing_changed_nothing_happens_at_once(checkout: Path, without_python: dict[str, str]) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    parts = b"".join(
        (checkout / name).read_bytes() for name in ("pyproject.toml", "constraints.txt", "scripts/install.py")
    )
    checksum = subprocess.run(["cksum"], input=parts, capture_output=True, check=True).stdout.decode().strip()
    stamp = checkout / ".venv" / "allele-setup"
    stamp.write_text(f"{checksum} {checkout.resolve()}\n")
    times: list[float] = []
    for _ in range(3):
        started_s = time.perf_counter()
        done = run_setup(checkout, without_python)
        times.append(time.perf_counter() - started_s)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert min(times) < 0.5
    with (checkout / "constraints.txt").open("a") as file:
        file.write("more==1\n")
    assert run_setup(checkout, without_python).returncode == 1  # it looks for a Python again


def test_a_folder_that_is_no_environment_is_left_alone(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "precious").write_text("mine")
    done = run_setup(checkout, {**os.environ, "PYTHON": sys.executable})
    assert done.returncode == 1
    assert "is no virtual environment" in done.stderr and "Traceback" not in done.stderr
    assert (checkout / ".venv" / "precious").read_text() == "mine"


@pytest.fixture
def machine(tmp_path: Path) -> tuple[Path, Path]:
    """A python that sees a torch of ours, and a torchaudio whose extension links CUDA: (python, its lib folder)."""
    packages = tmp_path / "packages"
    (packages / "torch").mkdir(parents=True)
    (packages / "torchaudio" / "lib").mkdir(parents=True)
    (packages / "torch" / "__init__.py").write_text(
        "import os\n"
        "class version: cuda = os.environ.get('FAKE_CUDA') or None\n"
        "__version__ = '2.13.0' + ('' if version.cuda else '+cpu')\n"
    )
    (packages / "torchaudio" / "__init__.py").write_text(
        "import pathlib, torch\n"
        "if list(pathlib.Path(__file__).parent.glob('lib/*.so')) and torch.version.cuda is None:\n"
        "    raise OSError('libc10_cuda.so: cannot open shared object file')\n"
        "if pathlib.Path(__file__).with_name('broken').exists():\n"
        "    raise ImportError('broken')\n"
    )
    for name in ("libtorchaudio.so", "_torchaudio.so"):
        (packages / "torchaudio" / "lib" / name).write_text(name)
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nPYTHONPATH='{packages}' exec '{sys.executable}' -S \"$@\"\n")
    python.chmod(0o755)
    return python, packages / "torchaudio" / "lib"


def test_the_extension_is_put_aside_without_cuda_and_back_with_it(
    install: ModuleType, machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    python, lib = machine
    aside = {"libtorchaudio.so.disabled", "_torchaudio.so.disabled"}
    for _ in range(2):
        install.repair_torchaudio(python)
        assert {path.name for path in lib.iterdir()} == aside
    monkeypatch.setenv("FAKE_CUDA", "13.0")
    for _ in range(2):
        install.repair_torchaudio(python)
        assert {path.name for path in lib.iterdir()} == {"libtorchaudio.so", "_torchaudio.so"}
    assert (lib / "libtorchaudio.so").read_text() == "libtorchaudio.so"


def test_an_import_that_fails_in_any_case_ends_the_setup(install: ModuleType, machine: tuple[Path, Path]) -> None:
    python, lib = machine
    (lib.parent / "broken").touch()
    with pytest.raises(install.SetupError, match="torchaudio does not import"):
        install.repair_torchaudio(python)


def test_this_environment_imports_torchaudio() -> None:
    done = subprocess.run([sys.executable, "-c", "import torchaudio"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_torch_that_is_there_is_kept_in_its_range(
    install: ModuleType, machine: tuple[Path, Path], checkout: Path, tmp_path: Path
) -> None:
    python, lib = machine
    torch = lib.parents[1] / "torch" / "__init__.py"
    for version, stays in (("2.10.1", False), ("2.11.0+cpu", True), ("2.12.9", True), ("2.14.0", False)):
        torch.write_text(f"__version__ = '{version}'\nclass version: cuda = None\n")
        assert install._torch_may_stay(python) is stays
    torch.write_text("__version__ = '2.12.1+cu130'\nclass version: cuda = '13.0'\n")
    pinned = install._pin_torch(python, checkout, tmp_path).read_text().splitlines()
    assert [line for line in pinned if line.startswith("torch==")] == ["torch==2.12.1"]
