"""One run of `allele`: the editor without a command, else the command line.

Data flow: arguments → tui.cli.parser → the handler that the command names, imported only then → exit status.
Boundary: everything a person can do wrong ends here as one line on stderr and exit 1 (or 2 for usage), never as a
traceback. A defect is called one, and ALLELE_TRACEBACK=1 shows where it is. Ctrl-C is a line while a command works,
and ends the process silently while modules load and at exit, when Python could only show where it was.
"""

import contextlib
import importlib
import io
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Generator, Sequence
from typing import TextIO, cast

READER_GONE = 141  # what a shell says of a program that a closed pipe ended


def run(given: Sequence[str]) -> int:
    """Run one command; the exit status."""
    _keep_standard_streams()
    from tui.cli.parser import parse, print_version

    try:
        parsed = parse(given)
        if parsed.version:
            print_version()
            return 0
        status = _guarded(parsed)
        _flush()
        return status
    except BrokenPipeError:
        return _reader_gone()
    finally:
        with contextlib.suppress(BrokenPipeError):
            _flush()


def _guarded(parsed: Namespace) -> int:
    """The command's exit status; failures become one line."""
    from tui.cli.output import one_line

    try:
        return _run(parsed)
    except KeyboardInterrupt:
        line = "interrupted"
    except BrokenPipeError:
        raise
    except MemoryError:
        line = "memory ran out (close something and try again)"
    except Exception as failure:  # a person is told in a line, whatever it is
        if os.environ.get("ALLELE_TRACEBACK"):
            raise
        line = _describe(failure)
    print(f"error: {one_line(line)}", file=sys.stderr, flush=True)
    return 1


def _describe(failure: Exception) -> str:
    """One line for a failure: what happened, where, and what to do."""
    from protocol.situations import situation

    known = situation(failure)
    if known is not None:
        return str(known)
    return f"a defect: {type(failure).__name__}: {failure} (ALLELE_TRACEBACK=1 shows where; please report it)"


def _run(parsed: Namespace) -> int:
    if parsed.command is None:
        return _run_editor(parsed)
    from tui.cli.output import Output

    module, _, function = parsed.command.handler.partition(":")
    handler: Callable[[Namespace, Output], int] = getattr(importlib.import_module(module), function)
    with _interrupts_raise():
        return handler(parsed, Output(as_json=parsed.json))


def _run_editor(parsed: Namespace) -> int:
    from tui.cli.session import locate, own_places

    target, home = locate(parsed), own_places(parsed).home
    if not (os.isatty(0) and os.isatty(1)):
        print("error: the editor needs a terminal (see: allele --help for commands that do not)", file=sys.stderr)
        return 1
    from tui.installation import require_daemon

    if target.places is not None and not target.endpoint.answers():
        require_daemon()
    from tui.app import run_app

    with _interrupts_raise():
        return run_app(home, target=target)


@contextlib.contextmanager
def _interrupts_raise() -> Generator[None]:
    """Let Ctrl-C raise KeyboardInterrupt where it would end the process; an ignored one stays ignored."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _keep_standard_streams() -> None:
    """Closed standard streams would be given to the next file or socket that is opened."""
    for handle in (0, 1, 2):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    """Write what is buffered; a closed standard output is None in Python."""
    out = cast("TextIO | None", sys.stdout)
    if out is not None and not out.closed:
        out.flush()


def _reader_gone() -> int:
    """Whoever read our output has what it wanted: nothing to say, and nothing for Python to try again."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(quiet, sys.stdout.fileno())
    return READER_GONE
