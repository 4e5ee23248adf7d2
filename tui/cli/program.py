"""Runs `allele`: the editor if no command is given, else the command.

Data flow: arguments → tui.cli.parser → the handler that the command names, imported only then → exit status.
Boundary: every user error ends here as one line on stderr and exit status 1 (or 2 for usage), never as a traceback. A
defect is reported as such, and ALLELE_TRACEBACK=1 shows its traceback. Ctrl-C prints a line while a command runs. While
modules load and at exit it ends the process silently, because Python would print a traceback.
"""

import contextlib
import importlib
import io
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from pathlib import Path

READER_GONE = 141  # the status that a shell reports for a program ended by a closed pipe


def run(given: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    _keep_standard_streams()
    from tui.cli.parser import parse, print_version

    try:
        parsed = parse(given, _is_strand)
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


def _is_strand(parsed: Namespace, word: str) -> bool:
    """Return whether a word is the name of an open strand. Without a daemon that answers, none is known."""
    from protocol.errors import AlleleError
    from tui.cli.opening import strand_named

    try:
        return strand_named(parsed, word) is not None
    except AlleleError:
        return False


def _guarded(parsed: Namespace) -> int:
    """Run a command and return its exit status. Failures become one line."""
    from tui.cli.output import one_line

    try:
        return _run(parsed)
    except KeyboardInterrupt:
        line = "interrupted"
    except BrokenPipeError:
        raise
    except MemoryError:
        line = "memory ran out (close something and try again)"
    except Exception as failure:  # any failure is reported in one line
        if os.environ.get("ALLELE_TRACEBACK"):
            raise
        line = _describe(failure)
    print(f"error: {one_line(line)}", file=sys.stderr, flush=True)
    return 1


def _describe(failure: Exception) -> str:
    """Return one line for a failure: what happened, where, and what to do."""
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
    opens = _given(parsed)
    if not (os.isatty(0) and os.isatty(1)):
        print("error: the editor needs a terminal (see: allele --help for commands that do not)", file=sys.stderr)
        return 1
    from tui.installation import require_daemon

    if target.places is not None and not target.endpoint.answers():
        require_daemon()
    from tui.app import run_app

    with _interrupts_raise():
        return run_app(home, open_paths=opens, target=target)


def _given(parsed: Namespace) -> "list[Path | str]":
    """Return the files and strands that the command line names."""
    if not parsed.opens:
        return []
    from tui.cli.opening import read_given

    return read_given(parsed, parsed.opens)


@contextlib.contextmanager
def _interrupts_raise() -> Generator[None]:
    """Let Ctrl-C raise KeyboardInterrupt where it would end the process. If it is ignored, it stays ignored."""
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
    """Replace closed standard streams, whose numbers the next opened file or socket would get."""
    for handle in (0, 1, 2):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    """Flush standard output, which is None in Python if it is closed."""
    out = cast("TextIO | None", sys.stdout)
    if out is not None and not out.closed:
        out.flush()


def _reader_gone() -> int:
    """Return the status for a closed output pipe, and keep Python from writing to it again at exit."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(quiet, sys.stdout.fileno())
    return READER_GONE
