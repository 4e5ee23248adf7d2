"""The command line and the environment of child processes. They import the same packages as this process.

The daemon, its workers and the player are `python -P -m MODULE`. `-P` excludes the working folder from their imports.
`environment` removes PYTHONPATH, start-up files and warning filters that are meant for other programs.
"""

import os
import sys
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

import allele

ROOT = Path(__file__).resolve().parents[1]  # the folder that holds `protocol`, `daemon` and `tui`
IGNORED = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONSAFEPATH")
NEEDED = ("msgspec", "numpy", "zmq")  # every process of this program imports these


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of this program in its own process. Start it with `environment()`."""
    return [*interpreter(), "-m", module, *arguments]


def interpreter() -> list[str]:
    """The command line of this Python interpreter without the working folder in its import path."""
    return [sys.executable, "-P"]


def environment() -> dict[str, str]:
    """The environment for a child process, in which it finds the same packages as this process."""
    passed = {name: value for name, value in os.environ.items() if name not in IGNORED}
    if _only_pythonpath_has_what_is_needed():
        passed["PYTHONPATH"] = os.environ["PYTHONPATH"]
    elif ROOT.name not in allele.INSTALLED:  # a checkout, perhaps one that is not installed
        passed["PYTHONPATH"] = str(ROOT)
    return passed


@cache
def _only_pythonpath_has_what_is_needed() -> bool:
    """Whether a dependency is found only through PYTHONPATH, as after `pip --target` or with a cluster's modules."""
    given = allele.pythonpath()
    path = [folder for folder in sys.path if folder not in given]
    return bool(given) and any(PathFinder.find_spec(name, path) is None for name in NEEDED)
