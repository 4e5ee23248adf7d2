"""A single-line text editor: insertion, deletion and movement with keys that every terminal sends. Does no I/O."""

from dataclasses import dataclass


@dataclass
class LineEditor:
    """A line of text and the cursor position in it; 0 is before the first character.

    Attributes:
        selected: whether the whole text is selected, so that typing or deleting replaces it. Moving the cursor keeps
            the text and ends the selection.
    """

    text: str = ""
    cursor: int = 0
    selected: bool = False

    def set(self, text: str, *, selected: bool = False) -> None:
        """Replace the text and move the cursor to its end."""
        self.text, self.cursor, self.selected = text, len(text), selected and bool(text)

    def insert(self, text: str) -> None:
        """Insert text at the cursor, or in place of the selected text."""
        if self.selected:
            self.set("")
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def key(self, key: str) -> bool:
        """Handle a key that is not a character. Returns False for a key without a function here."""
        places = {
            "left": self.cursor - 1,
            "right": self.cursor + 1,
            "home": 0,
            "ctrl+a": 0,
            "end": len(self.text),
            "ctrl+e": len(self.text),
        }
        if key in places:
            self.cursor = min(max(0, places[key]), len(self.text))
            self.selected = False
            return True
        cuts = {
            "backspace": (self.cursor - 1, self.cursor),
            "delete": (self.cursor, self.cursor + 1),
            "ctrl+u": (0, self.cursor),
            "ctrl+k": (self.cursor, len(self.text)),
            "ctrl+w": (self._word_start(), self.cursor),
        }
        if key not in cuts:
            return False
        if self.selected:
            self.set("")
            return True
        first, past = (min(max(0, place), len(self.text)) for place in cuts[key])
        self.text, self.cursor = self.text[:first] + self.text[past:], first
        return True

    def _word_start(self) -> int:
        before = self.text[: self.cursor].rstrip()
        return max(before.rfind(" "), before.rfind("/", 0, len(before) - 1)) + 1
