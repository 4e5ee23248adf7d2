"""The work of scripts/setup, with nothing but the standard library: make .venv, install, repair torchaudio.

Data flow: `python install.py ROOT STAMP` under the system's Python; pip runs inside ROOT/.venv with its output in
ROOT/.venv/setup.log; STAMP is written to ROOT/.venv/allele-setup last, so an interrupted set-up is done again.

What can go wrong: pip's failure is shown by the end of its log; another set-up of the same folder is waited for.
torchaudio's Linux wheel links CUDA and does not import beside a CPU-only torch; it documents a mode without its
extension (library files absent), so the files are renamed then, and named back when torch has CUDA.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

TORCH = "torch==2.13.0"  # alone and first: this exact pin takes a CPU build where one is at hand
TORCH_MAY_STAY = ((2, 11), (2, 13))  # what is installed already is kept inside this range
SPIN_S = 0.2
SAY_S = 15.0  # how often a line is printed where there is no terminal to spin on

ASK_TORCH = "import torch; print(torch.__version__.split('+')[0], torch.version.cuda or 'cpu')"
ASK_TORCHAUDIO = "import torchaudio"
FIND_TORCHAUDIO = "import importlib.util as u; print(u.find_spec('torchaudio').submodule_search_locations[0])"
ASK_SOUND = "import sounddevice"


class SetupError(Exception):
    """One line for the person."""


def main(arguments: Sequence[str]) -> int:
    """Set ROOT up and write STAMP; the exit status."""
    root, stamp = Path(arguments[0]), arguments[1]
    for name in ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONWARNINGS"):  # modules and filters meant for other programs
        os.environ.pop(name, None)
    started_s = time.monotonic()
    try:
        with _only_one(root):
            setup(root)
            (root / ".venv" / "allele-setup").write_text(stamp + "\n", encoding="utf-8")
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: interrupted; run it again to go on", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"setup: {error.filename or root}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"setup: ready after {time.monotonic() - started_s:.0f} s")
    return 0


def setup(root: Path) -> None:
    """Every step, in order."""
    venv = root / ".venv"
    python = venv / "bin" / "python"
    log = venv / "setup.log"
    if not _is_sound(python):
        _make_venv(venv)
    log.write_text("", encoding="utf-8")
    pip = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    pins = ["--constraint", str(root / "constraints.txt")]
    if not _torch_may_stay(python):
        _watch([*pip, TORCH, *pins], "installing torch, the largest part", log)
    kept = ["--constraint", str(_pin_torch(python, root, venv))]
    _watch([*pip, "--editable", f"{root}[daemon,dev]", *kept], "installing Allele and what it needs", log)
    repair_torchaudio(python)
    if subprocess.run([python, "-c", ASK_SOUND], capture_output=True).returncode:
        print(
            "setup: PortAudio is missing, so nothing will be heard (all else works). To hear: apt install"
            " libportaudio2 · dnf install portaudio · pacman -S portaudio · brew install portaudio"
        )


def repair_torchaudio(python: Path) -> None:
    """Leave an `import torchaudio` that works, on CPU-only and on CUDA machines."""
    folder = Path(_ask(python, FIND_TORCHAUDIO)) / "lib"
    has_cuda = _ask(python, ASK_TORCH).split()[1] != "cpu"
    if has_cuda:
        for path in folder.glob("*.so.disabled"):
            path.replace(path.with_suffix(""))
    if _imports(python, ASK_TORCHAUDIO):
        return
    for path in folder.glob("*.so"):
        path.replace(path.with_name(path.name + ".disabled"))
    if not _imports(python, ASK_TORCHAUDIO):
        raise SetupError("torchaudio does not import; see: .venv/bin/python -c 'import torchaudio'")
    print("setup: torchaudio runs without its extension (there is no CUDA for it to link); nothing here needs it")


def _make_venv(venv: Path) -> None:
    """A fresh .venv; one that is broken or too old is replaced, anything else of that name is left alone."""
    if venv.exists() and any(venv.iterdir()) and not (venv / "pyvenv.cfg").is_file():
        raise SetupError(f"{venv} is there but is no virtual environment; move it away")
    print(f"setup: making {venv} with Python {sys.version.split()[0]}")
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        last = (done.stdout.strip().splitlines() or ["no reason was given"])[-1]
        raise SetupError(
            f"{sys.executable} cannot make a virtual environment ({last}); install its venv module, as in:"
            f" apt install python{version}-venv"
        )


def _is_sound(python: Path) -> bool:
    """Whether .venv has a Python that starts, is new enough and has pip."""
    check = "import sys, pip; raise SystemExit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


def _torch_may_stay(python: Path) -> bool:
    said = _ask(python, ASK_TORCH)
    if not said:
        return False
    major, minor = (int(part) for part in said.split()[0].split(".")[:2])
    lowest, highest = TORCH_MAY_STAY
    return lowest <= (major, minor) <= highest


def _pin_torch(python: Path, root: Path, venv: Path) -> Path:
    """constraints.txt with torch pinned to what is installed, so that pip keeps that build."""
    version = _ask(python, ASK_TORCH).split()[0]
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("torch==")]
    path = venv / "setup-constraints.txt"
    path.write_text("\n".join([*kept, f"torch=={version}", ""]), encoding="utf-8")
    return path


def _imports(python: Path, statement: str) -> bool:
    return subprocess.run([python, "-c", statement], capture_output=True).returncode == 0


def _ask(python: Path, statement: str) -> str:
    """What a statement prints in the environment; "" when it fails."""
    done = subprocess.run([python, "-c", statement], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def _watch(command: Sequence[str], what: str, log: Path) -> None:
    """Run a command with its output in the log and something moving on the screen."""
    started_s = time.monotonic()
    is_terminal = sys.stdout.isatty()
    with log.open("a", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        said_s, turn = 0.0, 0
        try:
            if not is_terminal:
                print(f"setup: {what}", flush=True)
            while process.poll() is None:
                passed_s = time.monotonic() - started_s
                if is_terminal:
                    line = f"{'|/-' + chr(92)}"[turn % 4] + f" {what}  {passed_s:.0f} s  {_last_line(log)}"
                    width = max(20, shutil.get_terminal_size().columns - 1)
                    print(f"\r\x1b[K{line[:width]}", end="", flush=True)
                elif passed_s - said_s >= SAY_S:
                    said_s = passed_s
                    print(f"setup: … {passed_s:.0f} s  {_last_line(log)[:100]}", flush=True)
                turn += 1
                time.sleep(SPIN_S)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if is_terminal:
        print(f"\r\x1b[Ksetup: {what}  {time.monotonic() - started_s:.0f} s")
    if process.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:]
        print("\n".join(f"  {line}" for line in tail), file=sys.stderr)
        raise SetupError(f"{what} failed (above, and whole in {log}); check the network and run it again")


def _last_line(log: Path) -> str:
    """What pip said last, for the person to see that it goes on."""
    with log.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 2000))
        lines = file.read().decode("utf-8", "replace").splitlines()
    said = [line.strip() for line in lines if line.strip() and "WARNING" not in line]
    return said[-1] if said else ""


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    """Two set-ups of one folder would trample on each other: the second waits, and then finds all done."""
    handle = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("setup: waiting for another set-up of this folder")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
