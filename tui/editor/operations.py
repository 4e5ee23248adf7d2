"""What the editor's keys do to cells: every operation on the selection, or on cells from the cursor on.

An edit is sent at once and drawn when the daemon says so (under a millisecond over ipc). Held keys are pipelined, see
tui.model.pending. Notes that come back ("cropped to …") are said on the last line. An operation that takes a number
asks for it on the prompt, with what was answered last time already there.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

from protocol.edits import OPS, Edit, parse_edit
from protocol.errors import AlleleError
from tui.editor.view import EditorView
from tui.model.changes import Repeatable, next_seed
from tui.model.cursor import Rect
from tui.model.grid import StrandGrid
from tui.model.pending import EditChain
from tui.model.search import is_code

ASKED = {
    "blend": ("AMOUNT 0..1 [mode=latent|cells|levels] [align=none|stretch|dtw]", "0.5 mode=latent align=none"),
    "mutate": ("STRENGTH 0..1 [seed=N]", "0.3 seed=1"),
    "mosaic": ("[continuity=0..1]", "continuity=0.5"),
    "stretch": ("FACTOR", "2"),
    "nudge": ("DIRECTION", "brighter"),
    "regenerate": ("[creativity=0..1] [seed=N]", "creativity=0.4 seed=1"),
}
FAR = 16
MOST_EXPECTED = 4096  # cells that a step right after `set` counts on from, before the answer is here


class EditorOperations(EditorView):
    """Edits that are single keys."""

    def drop_selection(self) -> None:
        """Leave the rectangle; it can be had again."""
        pane = self.editor.pane
        if pane.selection is not None:
            self.editor.last_selection = (pane.selection, pane.cursor)
        pane.selection = None

    def here(self, count: int | None = None) -> tuple[StrandGrid, Rect] | None:
        """The focused strand, and what an operation acts on."""
        grid = self.grid
        return None if grid is None else (grid, self.editor.pane.rect(grid, count))

    def change(self, op: str, args: list[str], count: int | None = None) -> None:
        """An operation without a question."""
        here = self.here(count)
        if here is not None:
            self.submit(here[0].id, self.editor.make(Edit(op=op, args=args), here[1]))

    # --- codes -------------------------------------------------------------------------------------------

    def do_edit_swap(self, count: int | None, register: str | None) -> None:
        here = self.here(count)
        if here is not None:
            self.submit(here[0].id, self.editor.swap(here[1]))

    def do_edit_set(self, count: int | None, register: str | None) -> None:
        here = self.here(count)
        if here is None:
            return
        grid, rect = here
        label = f"code for {rect.words}, 0 to {grid.codebook - 1}: "
        typed = self.pressed_keys if self.pressed_keys.isdecimal() else ""
        self.prompt.ask(label, lambda text: self._set(grid, rect, text), value=typed)

    def _set(self, grid: StrandGrid, rect: Rect, text: str) -> None:
        code = self.read_code(grid, text)
        if code is not None:
            chain = self.session.chains.setdefault(grid.id, EditChain())
            if rect.height * rect.width <= MOST_EXPECTED:
                for level, frame in product(range(rect.first_level, rect.last_level + 1), range(rect.first, rect.past)):
                    chain.expect(level, frame, code)
            self.submit(grid.id, self.editor.set(rect, code))

    def read_code(self, grid: StrandGrid, text: str) -> int | None:
        """A code as typed; what is none is said."""
        text = text.strip()
        if is_code(text, grid.codebook):
            return int(text)
        if text:
            self.say(f"{text[:40]!r} is no code; codes go from 0 to {grid.codebook - 1}", bad=True)
        return None

    def do_edit_next_code(self, count: int | None, register: str | None) -> None:
        self._step_code(count or 1)

    def do_edit_prev_code(self, count: int | None, register: str | None) -> None:
        self._step_code(-(count or 1))

    def do_edit_next_16(self, count: int | None, register: str | None) -> None:
        self._step_code(FAR * (count or 1))

    def do_edit_prev_16(self, count: int | None, register: str | None) -> None:
        self._step_code(-FAR * (count or 1))

    def _step_code(self, by: int) -> None:
        grid = self.grid
        if grid is None:
            return
        cursor = self.editor.pane.cursor
        chain = self.session.chains.setdefault(grid.id, EditChain())
        now = chain.expected.get((cursor.level, cursor.frame), int(grid.codes[cursor.level, cursor.frame]))
        colours = self.colours_of(grid)
        code = min(colours.step(cursor.level, now, by), grid.codebook - 1)
        if code == now:
            self.say(f"code {now} is the {'last' if by > 0 else 'first'} of this level in {colours.words or 'number'}")
            return
        chain.expect(cursor.level, cursor.frame, code)
        self.submit(grid.id, self.editor.set(self.editor.pane.rect(grid), code))
        self.editor.last = Repeatable(step=by)

    # --- registers ---------------------------------------------------------------------------------------

    def do_edit_copy(self, count: int | None, register: str | None) -> None:
        here = self.here(count)
        if here is None:
            return
        grid, rect = here
        self.submit(grid.id, self.editor.copy(rect, register or self.session.registers.unnamed))
        if self.editor.pane.selection is not None:
            self.drop_selection()
            self.editor.place(replace(self.editor.pane.cursor, level=rect.first_level, frame=rect.first), self.grids())
            self.moved()

    def do_edit_put(self, count: int | None, register: str | None) -> None:
        self._put("put", register)

    def do_edit_flood(self, count: int | None, register: str | None) -> None:
        self._put("flood", register)

    def do_edit_mix(self, count: int | None, register: str | None) -> None:
        if self.grid is not None:
            words = self.editor.remembered.get("mix") or f"@{self.editor.pane.cursor.frame}"
            self.prompt.ask(
                "gap: a code, or @FRAME: ", lambda text: self._mix(register, text.strip()), value=words, is_offer=True
            )

    def _mix(self, register: str | None, gap: str) -> None:
        if gap:
            self.editor.remembered["mix"] = gap
            self._put("mix", register, gap)

    def _put(self, op: str, register: str | None, gap: str = "") -> None:
        grid, pane = self.grid, self.editor.pane
        if grid is not None:
            rect = pane.rect(grid) if pane.selection is not None else None
            name = register or self.session.registers.unnamed
            self.submit(grid.id, self.editor.put(pane.cursor, name, rect, op, gap))

    # --- time --------------------------------------------------------------------------------------------

    def do_edit_shift_left(self, count: int | None, register: str | None) -> None:
        self.change("shift", [str(-(count or 1))])

    def do_edit_shift_right(self, count: int | None, register: str | None) -> None:
        self.change("shift", [f"+{count or 1}"])

    def do_edit_reverse(self, count: int | None, register: str | None) -> None:
        here = self.here(count)
        if here is not None and here[1].width < 2:
            self.say("one frame is its own reverse: select more with {select.start}, or type a number first", bad=True)
            return
        self.change("reverse", [], count)

    def do_edit_repeat(self, count: int | None, register: str | None) -> None:
        self.change("repeat", [str(count or 1)])

    def do_edit_mirror(self, count: int | None, register: str | None) -> None:
        self.change("mirror", [], count)

    # --- what asks first ---------------------------------------------------------------------------------

    def do_edit_stretch(self, count: int | None, register: str | None) -> None:
        self.ask_for("stretch", count)

    def do_edit_blend(self, count: int | None, register: str | None) -> None:
        self.ask_for("blend", count)

    def do_edit_mutate(self, count: int | None, register: str | None) -> None:
        self.ask_for("mutate", count)

    def do_edit_mosaic(self, count: int | None, register: str | None) -> None:
        self.ask_for("mosaic", count)

    def do_edit_nudge(self, count: int | None, register: str | None) -> None:
        self.ask_for("nudge", count)

    def do_edit_regenerate(self, count: int | None, register: str | None) -> None:
        self.ask_for("regenerate", count)

    def ask_for(self, op: str, count: int | None) -> None:
        """Ask for what an operation takes, as it was answered last; Enter does it, Esc leaves."""
        here = self.here(count)
        if here is None:
            return
        grid, rect = here
        wants, usual = ASKED[op]
        self.prompt.ask(
            f"{op} {rect.words}: ", lambda text: self._asked(op, grid, rect, text),
            value=self.editor.remembered.get(op, usual), is_offer=True,
        )  # fmt: skip
        self.words.show(f" {wants}; Enter does it, Esc leaves")

    def _asked(self, op: str, grid: StrandGrid, rect: Rect, text: str) -> None:
        takes_strand = OPS[op].takes_strand
        try:
            edit = parse_edit(f"{op} {'OTHER ' if takes_strand else ''}{text}")
        except AlleleError as error:
            self.say(str(error), bad=True)
            return
        self.editor.remembered[op] = next_seed(text)
        self.submit(grid.id, self.editor.pair(edit, rect) if takes_strand else self.editor.make(edit, rect))

    # --- locks, again, undo ------------------------------------------------------------------------------

    def do_edit_lock(self, count: int | None, register: str | None) -> None:
        here = self.here()
        if here is None:
            return
        grid, rect = here
        levels = (rect.first_level, rect.last_level)
        is_locked = set(range(levels[0], levels[1] + 1)) <= set(grid.info.locked)
        self.submit(grid.id, Edit(op="unlock" if is_locked else "lock", levels=levels))

    def do_edit_again(self, count: int | None, register: str | None) -> None:
        grid, last = self.grid, self.editor.last
        if grid is None or last is None:
            return
        if last.step:
            self._step_code(last.step if count is None else (count if last.step > 0 else -count))
            return
        edit = self.editor.repeat(grid, count)
        if edit is None:
            self.say("the last change was made with the other pane, which is empty now", bad=True)
        else:
            self.submit(grid.id, edit)

    def do_edit_undo(self, count: int | None, register: str | None) -> None:
        self._history(self.session.undo, "undone", count)

    def do_edit_redo(self, count: int | None, register: str | None) -> None:
        self._history(self.session.redo, "redone", count)

    def _history(self, ask: Callable[[str], Any], word: str, count: int | None) -> None:
        grid = self.grid
        for _ in range(min(count or 1, 1000)):
            if grid is not None:
                self.spawn(self._back(ask, grid.id, word))

    async def _back(self, ask: Callable[[str], Any], strand: str, word: str) -> None:
        applied = await ask(strand)
        if applied is not None:
            self._applied(applied, f"{word}: {self.session.readable(applied.edit)}")

    def do_edit_history(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is not None:
            self.allele.show_history(grid.id)
