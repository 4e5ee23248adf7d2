"""Crash reporting: the traceback goes to `logs/`, and the user sees one line.

What can go wrong: the home is not writable. Then the line describes the crash but names no log file.
"""

import sys
import time
import traceback
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from textual.app import App

from protocol.places import places_of
from protocol.situations import situation


def write_crash(home: Path, failure: BaseException | str) -> str:
    """Append a failure or its traceback to a home's logs/tui.log. Returns a sentence to show. Never raises."""
    if isinstance(failure, BaseException):
        text = "".join(traceback.format_exception(failure))
        known = situation(failure)
        what = f"{type(failure).__name__}: {failure}".splitlines()[0]
    else:
        text, what, known = failure, "the keyboard could not be read", None
    try:
        logs = places_of(home).logs
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / "tui.log").open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} the editor crashed\n{text}\n")
    except OSError:
        if known:
            return f"{known}; strands and jobs are safe in the daemon"
        return f"a defect: {what} (please report it; strands and jobs are safe in the daemon)"
    if known:
        return f"{known}; strands and jobs are safe in the daemon, {logs / 'tui.log'} has more"
    return f"a defect: {what} (strands and jobs are safe; please report it with {logs / 'tui.log'})"


class CrashReportingApp(App[int], inherit_bindings=False):
    """An application that reports a crash in one line and exits with status 1. The log is written to `home`."""

    def __init__(self, home: Path, **more: Any) -> None:
        super().__init__(**more)
        self.home = home
        self.crash: str | None = None

    def _handle_exception(self, error: Exception) -> None:
        """Handle an unexpected exception: Textual ends the program, and the traceback goes to a file."""
        if not self.is_headless and self.crash is None:
            self.crash = write_crash(self.home, error)
        super()._handle_exception(error)

    def panic(self, *renderables: RenderableType) -> None:
        """Handle a failure of the input thread, for which Textual passes no exception, only a rendered traceback."""
        if not self.is_headless and self.crash is None:
            with self.console.capture() as drawn:
                self.console.print(*renderables)
            self.crash = write_crash(self.home, drawn.get())
        self._return_code = 1
        super().panic(*renderables)

    def _print_error_renderables(self) -> None:
        """Print one line in place of Textual's page of source text."""
        if self.crash is not None:
            self._exit_renderables.clear()
            print(f"error: {self.crash}", file=sys.stderr, flush=True)
        else:
            super()._print_error_renderables()
