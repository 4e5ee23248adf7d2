"""Where the commands `allele` and `alleled` begin, under a name that no other module on a machine is likely to have.

Python looks into the folders of PYTHONPATH before those where packages are installed. A `tui.py`, a `protocol.py` or an
old numpy there would be imported instead of ours. So before anything else is imported those folders are moved to the
end of `sys.path`: they are still searched, but hide nothing. `protocol.children` does the same for child processes.
Nothing is imported here but what every interpreter has loaded when it starts.
"""

import os
import site
import sys

INSTALLED = ("site-packages", "dist-packages")


def main() -> int:
    """The command `allele`; its exit status."""
    search_pythonpath_last()
    from tui.__main__ import main as run

    return run()


def daemon() -> int:
    """The command `alleled`; its exit status."""
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
    """Reorder `sys.path`: the folder of this file, what was installed, and last what PYTHONPATH adds."""
    folders = pythonpath()
    root = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is not loaded yet
    first = [] if os.path.basename(root) in INSTALLED else [root]  # noqa: PTH119
    others = [folder for folder in sys.path if folder not in (*folders, *first)]
    sys.path[:] = [*first, *others, *(folder for folder in folders if folder not in first)]


def pythonpath() -> list[str]:
    """The folders that PYTHONPATH adds to `sys.path`, absolute; folders where packages are installed are not meant."""
    given = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    installed = {*site.getsitepackages(), site.getusersitepackages()}
    folders = [os.path.abspath(folder) for folder in given.split(os.pathsep)] if given else []  # noqa: PTH100
    return [folder for folder in dict.fromkeys(folders) if folder in sys.path and folder not in installed]
