"""Children import what their parent belongs to: folders of PYTHONPATH, start-up files and filters are not theirs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import allele
from protocol import children

ROOT = Path(__file__).resolve().parents[2]


def shadow(folder: Path, *names: str) -> Path:
    """A folder with modules that must not be imported."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.py").write_text(f"raise RuntimeError('the wrong {name}')\n")
    return folder


def test_modules_of_pythonpath_are_not_imported_by_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shadow(tmp_path / "mine", "protocol", "daemon", "tui", "queue", "numpy", "msgspec", "sitecustomize")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("PYTHONSTARTUP", str(folder / "queue.py"))
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    code = "import protocol, daemon, tui, queue, numpy, msgspec, sys; print(protocol.__file__, sys.warnoptions)"
    done = subprocess.run(
        [*children.interpreter(), "-c", code],
        env=children.environment(), cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == f"{ROOT / 'protocol' / '__init__.py'} []\n"


def test_a_module_is_run_in_a_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", str(shadow(tmp_path / "mine", "argparse", "daemon")))
    done = subprocess.run(
        children.command("daemon", "--help"), env=children.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "alleled" in done.stdout, done.stderr


def test_packages_that_are_nowhere_else_stay_reachable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Installed with pip --target, or by a cluster's modules: then PYTHONPATH is where Allele's own needs are."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(children, "NEEDED", ("a_package_that_is_nowhere_else",))
    children._only_pythonpath_has_what_is_needed.cache_clear()
    try:
        assert children.environment()["PYTHONPATH"] == str(tmp_path)
    finally:
        children._only_pythonpath_has_what_is_needed.cache_clear()


def test_other_variables_reach_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("PYTHONUTF8", "1")
    passed = children.environment()
    assert (passed["OMP_NUM_THREADS"], passed["PYTHONUTF8"]) == ("3", "1")


def test_pythonpath_is_searched_last(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, second = shadow(tmp_path / "first", "protocol"), shadow(tmp_path / "second", "numpy")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(first), "", str(second), str(tmp_path / "missing")]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["/bin", str(first), str(tmp_path), str(second), "/std", "/site-packages"])
    allele.search_pythonpath_last()
    assert sys.path == [str(ROOT), "/bin", "/std", "/site-packages", str(first), str(tmp_path), str(second)]
