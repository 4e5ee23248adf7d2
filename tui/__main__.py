"""The entry point of `allele`. tui.cli.program does the work.

Boundary: Ctrl-C at any time causes at most one line and an exit status other than 0. So nothing is imported outside
`main`, where it could not be caught.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run one command and return the exit status."""
    try:
        if arguments is None:
            from allele import search_pythonpath_last

            search_pythonpath_last()
        import signal

        if arguments is None and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        from tui.cli.program import run

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
