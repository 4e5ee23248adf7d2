"""The entry points of the commands `allele` and `alleled`, in a module whose name is unlikely to exist elsewhere.

Python searches the folders of PYTHONPATH before those of installed packages. A `tui.py`, a `protocol.py` or an old
numpy there would be imported instead of ours. So these folders are moved to the end of `sys.path` before anything else
is imported: they are still searched but cannot hide a module. `protocol.children` does the same for child processes.
This module imports only what every interpreter has loaded at its start.
"""

import os
import site
import sys

INSTALLED = ("site-packages", "dist-packages")


def main() -> int:
    """Run the command `allele` and return its exit status."""
    search_pythonpath_last()
    from tui.__main__ import main as run

    return run()


def daemon() -> int:
    """Run the command `alleled` and return its exit status."""
    search_pythonpath_last()
    from protocol.errors import AlleleError
    from tui.installation import require_daemon

    try:
        require_daemon()
    except AlleleError as error:
        print(f"alleled: {error}", file=sys.stderr)
        return 1
    from daemon.__main__ import main as run

    return run()


def search_pythonpath_last() -> None:
    """Reorder `sys.path`: the folder of this file, installed packages, and last the folders of PYTHONPATH."""
    folders = pythonpath()
    root = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is not loaded yet
    first = [] if os.path.basename(root) in INSTALLED else [root]  # noqa: PTH119
    others = [folder for folder in sys.path if folder not in (*folders, *first)]
    sys.path[:] = [*first, *others, *(folder for folder in folders if folder not in first)]


def pythonpath() -> list[str]:
    """Return the absolute folders that PYTHONPATH adds to `sys.path`, except those of installed packages."""
    given = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    installed = {*site.getsitepackages(), site.getusersitepackages()}
    folders = [os.path.abspath(folder) for folder in given.split(os.pathsep)] if given else []  # noqa: PTH100
    return [folder for folder in dict.fromkeys(folders) if folder in sys.path and folder not in installed]
