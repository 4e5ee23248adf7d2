"""The search in a strand: sequences of codes, and marks."""

from dataclasses import replace

from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.editor.hearing import Hearing
from tui.model.search import Sought, places, read_sought, sought_in, step


class Finding:
    """Carries out the actions that search, mark and jump."""

    def __init__(self, context: EditorContext, hearing: Hearing) -> None:
        self.context, self.hearing = context, hearing
        self.editor, self.session = context.editor, context.session

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {
            "find.code": self.find_code,
            "find.here": self.find_here,
            "find.next": self.find_next,
            "find.prev": self.find_prev,
            "mark.set": self.mark_set,
            "mark.go": self.mark_go,
        }

    # --- finding -----------------------------------------------------------------------------------------

    def find_code(self, press: Press) -> None:
        level = self.editor.pane.cursor.level
        self.context.ask(f"find on q{level}: ", lambda text: self.find_text(text, level), kind="find")

    def find_text(self, text: str, level: int) -> None:
        """Find a sequence of codes on a level.

        Raises:
            AlleleError: the text is not a sequence of codes.
        """
        grid = self.context.grid
        if grid is not None and text.strip():
            self._find(read_sought(text, level, grid.codebook), 1)

    def find_here(self, press: Press) -> None:
        grid = self.context.grid
        if grid is not None:
            self._find(sought_in(grid.codes, self.editor.pane.rect(grid)), press.count or 1)

    def find_next(self, press: Press) -> None:
        if self.editor.sought is not None:
            self._find(self.editor.sought, press.count or 1)

    def find_prev(self, press: Press) -> None:
        if self.editor.sought is not None:
            self._find(self.editor.sought, -(press.count or 1))

    def _find(self, sought: Sought, count: int) -> None:
        grid = self.context.grid
        self.editor.sought = sought
        if grid is None:
            return
        found = places(sought, grid.codes)
        place = step(found, self.editor.pane.cursor.frame, count)
        if place is None:
            self.context.say(f"{sought.words}: not found in {grid.name}", bad=True)
            return
        frame, which = place
        self._go(frame, sought.level)
        self.context.say(f"{sought.words}: {which + 1} of {len(found)}")

    def _go(self, frame: int, level: int | None = None) -> None:
        cursor = self.editor.pane.cursor
        level = cursor.level if level is None else level
        self.editor.place(replace(cursor, level=level, frame=frame), self.context.grids())
        self.context.moved()
        self.hearing.hear_move()

    # --- marks -------------------------------------------------------------------------------------------

    def mark_set(self, press: Press) -> None:
        strand, cursor = self.editor.pane.strand, self.editor.pane.cursor
        if strand is not None and press.register:
            self.editor.marks.setdefault(strand, {})[press.register] = (cursor.level, cursor.frame)
            self.context.say(f"mark {press.register} is here; {{mark.go}}{press.register} returns to it")
            self.context.moved()

    def mark_go(self, press: Press) -> None:
        marks = self.editor.marks.get(self.editor.pane.strand or "", {})
        if press.register in marks:
            level, frame = marks[press.register]
            self._go(frame, level)
        else:
            known = f"; there are {', '.join(sorted(marks))}" if marks else ""
            self.context.say(f"no mark is called {press.register}{known}: {{mark.set}} and a letter sets one", bad=True)
