"""The terminal driver: reports whether output is still queued, and survives a closed terminal.

Textual's writer thread queues 30 writes; then `write` blocks the event loop, up to 768 ms over a 60 KB/s link. Screens
read `output_queued` and delay repaints while it is true. A failed write (the connection was lost) is ignored and
recorded in `lost`, so that the program can still quit in order.

Input may not be UTF-8 (a pasted binary, a Latin-1 terminal). Such bytes become U+FFFD, which is not bound to a key;
Textual's own decoder would end the program at the first one. Pasted text is never read as keys.
"""

import codecs
import os
from collections.abc import Iterable
from functools import partial
from typing import IO, Any

import textual.constants
import textual.drivers.linux_driver
import textual.screen
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

LOCAL_FPS, REMOTE_FPS = 40, 15


class _Watched:
    """The terminal's file, which records when all output was written."""

    def __init__(self, file: IO[str], driver: "LeanDriver") -> None:
        self._file = file
        self._driver = driver

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError:
            self._driver.lost = True

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            self._driver.lost = True
        self._driver.busy = False

    def fileno(self) -> int:
        return self._file.fileno()


class LeanDriver(LinuxDriver):
    """Textual's Linux and macOS driver, which also reports the state of its output."""

    busy = False
    lost = False
    deaf = False

    def write(self, data: str) -> None:
        """Queue text for the terminal."""
        self.busy = True
        super().write(data)

    def start_application_mode(self) -> None:
        """Switch the terminal to application mode."""
        file: Any = self._file
        if not isinstance(file, _Watched):
            self._file = _Watched(file, self)  # pyright: ignore[reportAttributeAccessIssue]
        self.deaf = False
        super().start_application_mode()

    def disable_input(self) -> None:
        """Stop reading keys. Later keys stay for the next program that reads the terminal.

        Textual calls this again while it ends, and would then discard keys that arrived in between.
        """
        if not self.deaf:
            self.deaf = True
            super().disable_input()

    @property
    def output_queued(self) -> bool:
        """Whether some output was not written to the terminal yet."""
        thread = self._writer_thread
        return self.busy or (thread is not None and thread._queue.qsize() > 0)  # pyright: ignore[reportPrivateUsage]

    @property
    def terminal_gone(self) -> bool:
        """Whether the terminal was closed without a hang-up signal."""
        if self.lost:
            return True
        try:
            os.tcgetpgrp(self.fileno)
        except OSError:
            return not os.isatty(self.fileno)
        return False


PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
_CONTROLS = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


class PasteFilter:
    """Removes control characters from pasted text.

    Not every terminal does so, and an escape in the text would end the paste, whose rest would be read as keys. Text
    outside of pastes passes unchanged and without delay.
    """

    def __init__(self) -> None:
        self._pasting = False
        self._before = ""
        """The last text outside a paste: the marker that begins a paste may arrive in pieces."""
        self._held = ""
        """Text that may be the first piece of the marker that ends a paste."""

    def pass_on(self, data: str) -> str:
        """Return the input without control characters in pasted text."""
        text, self._held = self._held + data, ""
        passed: list[str] = []
        while text:
            if self._pasting:
                inside, end, text = text.partition(PASTE_ENDS)
                if not end:
                    longest = min(len(inside), len(PASTE_ENDS) - 1)
                    kept = next(n for n in range(longest, -1, -1) if PASTE_ENDS.startswith(inside[len(inside) - n :]))
                    inside, self._held = inside[: len(inside) - kept], inside[len(inside) - kept :]
                passed.append(inside.translate(_CONTROLS) + end)
                self._pasting = not end
            else:
                at = (self._before + text).find(PASTE_BEGINS)
                past = len(text) if at < 0 else at + len(PASTE_BEGINS) - len(self._before)
                passed.append(text[:past])
                self._pasting, self._before = at >= 0, "" if at >= 0 else (self._before + text)[1 - len(PASTE_BEGINS) :]
                text = text[past:]
        return "".join(passed)


GO_ON = ("[", "O", "\x1b")
"""Characters after an Esc that arrived alone which may continue a sequence of a slow terminal."""


class ListeningParser(XTermParser):
    """Textual's key parser, which adds to each event the characters it was parsed from, as `sent`.

    Esc and a character that a person types soon after it are two keys. A terminal sends Alt with a character in one
    piece, and only that is read as Alt.
    """

    def feed(self, data: str) -> Iterable[Message]:
        """Yield the events of the input."""
        if data:
            data = self._pastes.pass_on(data)
            if not data:
                return
            if self._before == "\x1b" and data[0] not in GO_ON and self._timeout_time is not None:
                self._timeout_time = 0.0  # the wait for the rest of a sequence is over
                yield from self.tick()
        for event in super().feed(data):
            event.sent = data or self._before  # pyright: ignore[reportAttributeAccessIssue]
            yield event
        self._before = data or self._before

    def tick(self) -> Iterable[Message]:
        """Yield the events of input that nothing followed, such as a single Esc."""
        for event in super().tick():
            event.sent = self._before  # pyright: ignore[reportAttributeAccessIssue]
            yield event

    def __init__(self, *settings: Any, **more: Any) -> None:
        super().__init__(*settings, **more)
        self._pastes = PasteFilter()

    _before = ""


def _forgiving_decoder(encoding: str) -> partial[codecs.IncrementalDecoder]:
    """Return a decoder as codecs.getincrementaldecoder does, but invalid bytes become U+FFFD."""
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")


def tune_textual(remote: bool) -> None:
    """Apply settings that Textual reads only from the environment before its import, or does not offer.

    The Kitty protocol stays off: no key needs it, and a process killed with -9 would leave it switched on.
    """
    textual.constants.DISABLE_KITTY_KEY = True  # pyright: ignore[reportAttributeAccessIssue]
    textual.drivers.linux_driver.getincrementaldecoder = _forgiving_decoder  # pyright: ignore[reportPrivateImportUsage]
    textual.drivers.linux_driver.XTermParser = ListeningParser  # pyright: ignore[reportPrivateImportUsage]
    textual.screen.UPDATE_PERIOD = 1 / (REMOTE_FPS if remote else LOCAL_FPS)  # pyright: ignore[reportAttributeAccessIssue]
