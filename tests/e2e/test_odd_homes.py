"""No HOME, no entry in the passwd database, the HOME of another user: one line, and doctor runs to its end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# The user number stays; what the passwd database says of it is taken away, which only root could do for real.
UNKNOWN_USER = """
import pwd, sys

def unknown(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")

pwd.getpwuid = unknown
from tui.cli.program import run

sys.exit(run(sys.argv[1:]))
"""
KNOWN_USER = "import sys; from tui.cli.program import run; sys.exit(run(sys.argv[1:]))"


def allele(code: str, environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-P", "-c", code, *words]
    return subprocess.run(
        command, env={"PATH": os.environ["PATH"]} | environment, capture_output=True, text=True, timeout=110
    )


@pytest.fixture
def of_another(tmp_path: Path) -> str:
    """A home folder that belongs to somebody else."""
    if os.getuid() != 0:
        return "/"
    os.chown(tmp_path, 54321, 54321)
    return str(tmp_path)


@pytest.mark.parametrize("words", [(), ("corpus", "list"), ("daemon", "start", "--json"), ("daemon", "logs")])
@pytest.mark.parametrize("home", [None, ""])
def test_no_home_at_all_is_one_line(words: tuple[str, ...], home: str | None) -> None:
    done = allele(UNKNOWN_USER, {} if home is None else {"HOME": home}, *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert done.stderr.startswith("error: HOME is ") and "--home DIR or ALLELE_HOME" in done.stderr


@pytest.mark.parametrize("words", [("corpus", "list"), ("jobs", "--json")])
def test_the_home_of_another_user_is_one_line_and_stays_as_it_was(words: tuple[str, ...], of_another: str) -> None:
    before = sorted(Path(of_another).iterdir())
    done = allele(KNOWN_USER, {"HOME": of_another}, *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert "belongs to user" in done.stderr and "--home DIR or ALLELE_HOME" in done.stderr
    assert sorted(Path(of_another).iterdir()) == before


def test_the_daemon_itself_says_it_in_a_line(of_another: str) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": of_another}
    done = subprocess.run([sys.executable, "-m", "daemon"], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "--home DIR or ALLELE_HOME" in done.stderr


def test_doctor_runs_to_its_end_without_a_home() -> None:
    done = allele(UNKNOWN_USER, {}, "doctor", "--json")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert {"python", "torch", "codec", "sound", "terminal", "home"} <= checks.keys()
    assert checks["home"]["status"] == "fail" and "--home DIR or ALLELE_HOME" in checks["home"]["hint"]


def test_everything_works_for_a_user_without_a_passwd_entry_once_a_home_is_named(tmp_path: Path) -> None:
    named = ("--home", str(tmp_path / "home"))
    listed = allele(UNKNOWN_USER, {}, "corpus", "list", "--json", *named)
    assert json.loads(listed.stdout) == {"corpora": []}, listed.stderr
    assert json.loads(allele(UNKNOWN_USER, {}, "daemon", "stop", "--json", *named).stdout)["stopped"]
