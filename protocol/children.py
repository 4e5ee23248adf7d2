"""How child processes are started: what they import is what this process belongs to, whatever PYTHON* variables say.

The daemon, its workers and the player are `python -P -m MODULE`. `-P` keeps the working folder out of their imports,
`environment` the folders of PYTHONPATH, start-up files and warning filters that are meant for other programs.
"""

import os
import sys
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

import allele

ROOT = Path(__file__).resolve().parents[1]  # the folder that holds `protocol`, `daemon` and `tui`
IGNORED = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONSAFEPATH")
NEEDED = ("msgspec", "numpy", "zmq")  # without these no process of ours starts


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs one of our modules in a process of its own; it needs `environment` too."""
    return [*interpreter(), "-m", module, *arguments]


def interpreter() -> list[str]:
    """This Python, without the working folder among its imports."""
    return [sys.executable, "-P"]


def environment() -> dict[str, str]:
    """This process's environment, so that a child imports our packages from where they lie for us."""
    passed = {name: value for name, value in os.environ.items() if name not in IGNORED}
    if _only_pythonpath_has_what_is_needed():
        passed["PYTHONPATH"] = os.environ["PYTHONPATH"]
    elif ROOT.name not in allele.INSTALLED:  # a checkout, perhaps one that is not installed
        passed["PYTHONPATH"] = str(ROOT)
    return passed


@cache
def _only_pythonpath_has_what_is_needed() -> bool:
    """Whether packages that we depend on are nowhere else: installed with `pip --target`, or by a cluster's modules."""
    given = allele.pythonpath()
    path = [folder for folder in sys.path if folder not in given]
    return bool(given) and any(PathFinder.find_spec(name, path) is None for name in NEEDED)
