"""Tempo in the editor: typed, tapped or estimated, moves by beats and onsets, and selections of bars.

Data flow: the tempo is the strand's and is set by the operation `tempo`, so it is stored by the daemon. Onsets are
found by the daemon too (tui.session.onsets), when the first key asks for them; that key acts when the answer arrives.
"""

from dataclasses import replace
from time import monotonic

from protocol.edits import Edit, parse_edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange
from protocol.times import Span
from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.editor.hearing import Hearing
from tui.editor.sending import EditSender
from tui.model.cursor import Cursor, Selection
from tui.model.grid import StrandGrid
from tui.model.timing import (
    TAPS,
    Edges,
    Snap,
    Taps,
    beat_edges,
    bpm_text,
    fitted,
    offers,
    onset_edges,
    step_edge,
    step_end,
    unit_at,
)
from tui.widgets.prompt import Work

NO_TEMPO = "no tempo yet: {time.tap} four times taps it, {time.tempo} estimates it, :tempo 120 sets it"
MODES = {
    Snap.OFF: "snap off: left and right go from frame to frame",
    Snap.BEAT: "snap to beats: left and right go from beat to beat, selections end there",
    Snap.ONSET: "snap to onsets: left and right go from onset to onset, selections end there",
}


class Timing:
    """Carries out the actions of the grid of time."""

    def __init__(self, context: EditorContext, hearing: Hearing, sender: EditSender) -> None:
        self.context, self.hearing, self.sender = context, hearing, sender
        self.editor, self.session = context.editor, context.session
        self._taps: dict[str, Taps] = {}

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {
            "time.next_beat": lambda press: self._step(Snap.BEAT, press.count or 1),
            "time.prev_beat": lambda press: self._step(Snap.BEAT, -(press.count or 1)),
            "find.onset": lambda press: self._step(Snap.ONSET, press.count or 1),
            "find.onset_before": lambda press: self._step(Snap.ONSET, -(press.count or 1)),
            "time.bar": lambda press: self._select_unit(press.count, is_bar=True),
            "time.beat": lambda press: self._select_unit(press.count, is_bar=False),
            "time.snap": self.time_snap,
            "time.tap": self.time_tap,
            "time.tempo": lambda _: self.offer_tempo(),
        }

    # --- moving ------------------------------------------------------------------------------------------

    def snaps(self, motion: str, count: int | None) -> bool:
        """Move by beats or onsets in place of frames, if snap is on and the motion goes left or right."""
        if self.editor.snap is Snap.OFF or motion not in ("left", "right"):
            return False
        self._step(self.editor.snap, (count or 1) * (1 if motion == "right" else -1))
        return True

    def _step(self, to: Snap, count: int) -> None:
        """Go to the edge of a beat or an onset. A selection ends before that edge."""
        grid = self.context.grid
        if grid is None:
            return
        edges = self._edges(grid, to)
        if edges is None:
            self.context.spawn(self._find_and_step(grid, to, count))
        else:
            self._go(grid, edges, to, count)

    async def _find_and_step(self, grid: StrandGrid, to: Snap, count: int) -> None:
        if to is Snap.BEAT:
            raise AlleleError("E_BAD_REQUEST", f"{grid.name} has no tempo", hint="type :tempo 120, or tap it")
        await self.session.onsets.find(grid.id, grid.rev)
        edges = self._edges(grid, to)
        if edges is not None and self.editor.pane.strand == grid.id:
            self._go(grid, edges, to, count)

    def _edges(self, grid: StrandGrid, to: Snap) -> Edges | None:
        """Return the edges of a strand's beats or onsets; None as long as they are not known."""
        if to is Snap.BEAT:
            return None if grid.tempo is None else beat_edges(grid.tempo, grid.frames, grid.frame_rate)
        found = self.session.onsets.known(grid.id, grid.rev)
        rate = grid.info.meta.sample_rate
        return None if found is None else onset_edges(found.samples, grid.frames, grid.frame_rate, rate)

    def _go(self, grid: StrandGrid, edges: Edges, to: Snap, count: int) -> None:
        pane = self.editor.pane
        frame, anchor = pane.cursor.frame, None if pane.selection is None else pane.selection.anchor.frame
        is_end = anchor is not None and (frame > anchor or (count > 0 and frame == anchor))
        wanted = step_end(edges, frame, count) if is_end else step_edge(edges, frame, count)
        if wanted is None or wanted >= grid.frames:
            way = "after" if count > 0 else "before"
            self.context.say(f"no {to.value} {way} frame {frame}")
            return
        self.editor.place(replace(pane.cursor, frame=wanted), self.context.grids())
        self.context.moved()
        self.hearing.hear_move()

    # --- selecting ---------------------------------------------------------------------------------------

    def _select_unit(self, count: int | None, *, is_bar: bool) -> None:
        """Select the bar or beat at the cursor, or so many; one more if exactly some are selected."""
        grid = self.context.grid
        if grid is None or grid.tempo is None:
            self.context.say(NO_TEMPO)
            return
        tempo, pane = grid.tempo, self.editor.pane

        def unit(frame: int, number: int) -> FrameRange:
            return unit_at(tempo, frame, grid.frame_rate, grid.frames, number, is_bar=is_bar)

        first = pane.cursor.frame
        if count is None and pane.selection is not None:
            selected = pane.rect(grid).frames
            length = len(unit(selected.first, 1))
            number = round(len(selected) / length)
            if unit(selected.first, number) == selected:
                first, count = selected.first, number + 1
        self._select(grid, unit(first, count or 1))

    def select_span(self, span: Span) -> None:
        """Select all levels of a range, as in `:@bar2`.

        Raises:
            AlleleError: E_BAD_EDIT if the range is empty, E_NOT_FOUND if the pane is.
        """
        grid = self.context.grid
        if grid is None:
            raise AlleleError("E_NOT_FOUND", "this pane is empty", hint=":open FILE")
        frames = span.frames(grid.frame_rate).until(grid.frames)
        if frames.past > grid.frames or frames.first >= frames.past:
            whole = f"{grid.frames} frames, {grid.seconds(grid.frames):.2f} s"
            raise AlleleError("E_RANGE", f"{span.text} is not in {grid.name}, which has {whole}", hint="name less")
        self._select(grid, frames)

    def _select(self, grid: StrandGrid, frames: FrameRange) -> None:
        pane = self.editor.pane
        pane.selection = Selection(Cursor(pane.cursor.level, frames.first), all_levels=True)
        self.editor.place(replace(pane.cursor, frame=frames.past - 1), self.context.grids())
        self.context.moved()

    def time_snap(self, press: Press) -> None:
        """Choose the next mode of snapping."""
        self.editor.snap = self.editor.snap.next
        needs = self.editor.snap is Snap.BEAT and self.context.grid is not None and self.context.grid.tempo is None
        self.context.say(f"{MODES[self.editor.snap]}{'; ' + NO_TEMPO if needs else ''}")
        self.context.moved()

    # --- the tempo ---------------------------------------------------------------------------------------

    def time_tap(self, press: Press) -> None:
        """Count a tap, and set the tempo from the fourth on."""
        grid = self.context.grid
        if grid is None:
            return
        taps = self._taps.setdefault(grid.id, Taps())
        bpm = taps.tap(monotonic())
        if bpm is None:
            self.context.say(f"tap {len(taps.times)} of {TAPS}")
            return
        exact, _ = fitted(bpm, self._seconds(grid))
        self.sender.submit(grid.id, _tempo(exact))

    def offer_tempo(self) -> None:
        """Estimate the tempo of the focused strand, and ask for it with the estimate as offer."""
        if self.context.grid is not None:
            self.context.spawn(self._offer(self.context.grid))

    async def _offer(self, grid: StrandGrid) -> None:
        self.context.say(f"listening to {grid.name} ...")
        found = await self.session.onsets.find(grid.id, grid.rev)
        self.context.clear_message()
        exact = {offers([bpm]): bpm for bpm in found.tempos}
        others = f"also possible: {offers(found.tempos[1:])}; " if found.tempos[1:] else ""
        own = "" if grid.tempo is None else f"now {grid.tempo}; "
        self.context.ask(
            f"tempo of {grid.name}, beats a minute: ",
            lambda text: self._answered(grid, text, exact),
            value=next(iter(exact), ""),
            kind="tempo",
            wants=f"{own}{others}Enter sets it; none removes it; beats=3 after it is a bar of three",
        )

    def _answered(self, grid: StrandGrid, text: str, exact: dict[str, float]) -> Work | None:
        """Return the coroutine that sets the tempo of an answer. An estimate is set with all its digits."""
        typed, _, rest = text.strip().partition(" ")
        if not typed:
            return None
        bpm = bpm_text(exact[typed]) if typed in exact else typed
        return self.sender.send(grid.id, parse_edit(f"tempo {bpm} {rest}"))

    def _seconds(self, grid: StrandGrid) -> float:
        return grid.info.meta.samples / grid.info.meta.sample_rate


def _tempo(bpm: float) -> Edit:
    return Edit(op="tempo", args=[bpm_text(bpm)])
