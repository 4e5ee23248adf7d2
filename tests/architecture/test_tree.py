"""What the tracked files themselves must be: no package where none belongs, no trace of one machine, no stub."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = {".py", ".md", ".toml", ".txt", ".tcss", ".sh", ""}
MAX_LINES = 300
LONGER = {
    "tui/app.py": "the composition root: every part of the editor is put together here",
    "daemon/store/strands.py": "living strands and their journal change in the same transactions",
    "tui/transport/client.py": "one state machine over two sockets",
}

# Where packages come from is the installer's settings' business, never the repository's. (Split, or this line would
# be found.)
REGISTRY = re.compile(
    "|".join(("pypi" + r"\.org", "python" + "hosted", r"download\." + "pytorch", "npm" + "js", "index" + "-url"))
)
# Absolute paths of somebody's machine. (Split, or this line would be found.)
MACHINE = re.compile(r"(?<![\w.])/(?:" + "|".join(("work", "root", "opt/[a-z]")) + r")/")
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "lorem" + " ipsum")))


def tracked() -> list[Path]:
    """Text files git knows (or everything that is not ignored, where there is no git history)."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this copy has no git history")
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.suffix in TEXT and path.is_file() and path.name != "LICENSE"]


def found(pattern: re.Pattern[str]) -> list[str]:
    hits: list[str] = []
    for path in tracked():
        text = path.read_text(encoding="utf-8")
        hits += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    return hits


def test_tests_and_scripts_are_no_packages() -> None:
    """A lone tests/daemon/__init__.py would shadow the real package."""
    packages = [path for folder in ("tests", "scripts") for path in (ROOT / folder).rglob("__init__.py")]
    assert packages == []


def test_no_path_of_one_machine_is_tracked() -> None:
    assert found(MACHINE) == []


def test_no_package_registry_is_named() -> None:
    assert found(REGISTRY) == []


def test_nothing_is_left_unfinished() -> None:
    assert found(UNFINISHED) == []


def test_constraints_name_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wrong = [line for line in lines if line and not line.startswith("#") and not re.fullmatch(r"[\w.-]+==[\w.]+", line)]
    assert wrong == []


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_files_stay_short() -> None:
    """A module past the limit wants to be two, or has its reason in LONGER."""
    packages = [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] != "tests"]
    long = {path.relative_to(ROOT).as_posix(): lines_of(path) for path in packages}
    assert {name: n for name, n in long.items() if n > MAX_LINES and name not in LONGER} == {}


def test_no_exception_outlives_its_reason() -> None:
    """A file that is short again, or gone, leaves LONGER."""
    stale = [name for name in LONGER if not (ROOT / name).is_file() or lines_of(ROOT / name) <= MAX_LINES]
    assert stale == []


def test_every_module_says_what_it_is_for() -> None:
    for path in tracked():
        if path.suffix == ".py" and path.read_text(encoding="utf-8").strip():
            assert path.read_text(encoding="utf-8").lstrip().startswith(('"""', "#!", 'r"""')), path
