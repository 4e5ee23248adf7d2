"""A line of text being typed: insertion, deletion and movement by the keys every terminal can send. Pure."""

from dataclasses import dataclass


@dataclass
class LineEditor:
    """Text and the place of the cursor in it, 0 before the first character."""

    text: str = ""
    cursor: int = 0

    def set(self, text: str) -> None:
        """Replace everything; the cursor goes to the end."""
        self.text, self.cursor = text, len(text)

    def insert(self, text: str) -> None:
        """Type or paste at the cursor."""
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def key(self, key: str) -> bool:
        """A key that is not a character. False: it means nothing here."""
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
        first, past = (min(max(0, place), len(self.text)) for place in cuts[key])
        self.text, self.cursor = self.text[:first] + self.text[past:], first
        return True

    def _word_start(self) -> int:
        before = self.text[: self.cursor].rstrip()
        return max(before.rfind(" "), before.rfind("/", 0, len(before) - 1)) + 1
