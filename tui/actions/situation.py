"""What decides whether an action can be done now, and the checks that say why it cannot.

A check gives "" or a sentence. `{select.start}` in a sentence stands for the key of that action, whichever keymap is
in use (tui.input.keymap fills it in).
"""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.messages.jobs import JobPhase, JobState
from protocol.opspec import OpSpec


@dataclass(frozen=True)
class Situation:
    """A screen describes itself with this each time a key or the palette asks."""

    connected: bool = False
    engine: str = "starting"
    strand: bool = False
    other: bool = False
    same_model: bool = True
    selection: bool = False
    undo: int = 0
    redo: int = 0
    repeatable: bool = False
    sound: str = ""
    strands: int = 0
    sought: bool = False
    corpus: bool = False
    openable: bool = False
    closable: bool = False
    model: bool = False
    job_running: bool = False
    job_kind: str = ""
    job_state: JobState | None = None
    job_phase: JobPhase = "idle"
    preview: bool = False


Check = Callable[[Situation], str]

NO_MODEL = "no model yet: train one in the library ({go.library})"
TAKE_BACK = "{library.restore} in the library ({go.library}) takes a model back from the trash"


def always(_: Situation) -> str:
    """Nothing stands in the way."""
    return ""


def connected(s: Situation) -> str:
    """There is a daemon."""
    return "" if s.connected else "not connected to the daemon; it is tried again by itself"


def strand(s: Situation) -> str:
    """The pane shows a strand."""
    return "" if s.strand else "this pane is empty: open a sound with {file.open} or in the library ({go.library})"


def online_strand(s: Situation) -> str:
    """The strand can be changed."""
    return strand(s) or connected(s)


def engine_ready(s: Situation) -> str:
    """Models answer."""
    if connected(s):
        return connected(s)
    if s.engine == "ready":
        return ""
    if s.engine == "failed":
        return "the engine failed: allele doctor"
    return f"the engine is {s.engine}; it comes up by itself"


def modelled(s: Situation) -> str:
    """The strand can be changed with a model's help."""
    return online_strand(s) or engine_ready(s)


def sounding(s: Situation) -> str:
    """The strand can be heard."""
    return strand(s) or engine_ready(s) or s.sound


def both(s: Situation) -> str:
    """Two strands of one model."""
    if online_strand(s):
        return online_strand(s)
    if not s.other:
        return "that needs a strand in the other pane: {pane.other}, then {file.open}"
    return "" if s.same_model else "the two strands are of different models; their codes mean different sounds"


def both_modelled(s: Situation) -> str:
    """Two strands, and a model that answers."""
    return both(s) or engine_ready(s)


def undoable(s: Situation) -> str:
    """There is an edit to take back."""
    return online_strand(s) or ("" if s.undo else "nothing to undo on this strand")


def redoable(s: Situation) -> str:
    """There is an edit to do again."""
    return online_strand(s) or ("" if s.redo else "nothing to redo on this strand")


def repeatable(s: Situation) -> str:
    """Something was changed from here before."""
    return online_strand(s) or (
        "" if s.repeatable else "nothing to repeat yet: {edit.again} does the last change again"
    )


def one_cell(s: Situation) -> str:
    """No rectangle is selected."""
    leave = "a rectangle cannot step: leave it with {select.drop}, or set one code with {edit.set}"
    return online_strand(s) or (leave if s.selection else "")


def selected(s: Situation) -> str:
    """A rectangle is selected."""
    return strand(s) or ("" if s.selection else "no selection: start one with {select.start}")


def modelled_codes(s: Situation) -> str:
    """There is a model whose codes are shown; a strand's own, where there is one."""
    none = f"this strand's model is not here: {TAKE_BACK}" if s.strand else NO_MODEL
    return connected(s) or ("" if s.model else none)


def audible_code(s: Situation) -> str:
    """A code of the strand's model can be heard in it."""
    return modelled_codes(s) or sounding(s)


def corpus_chosen(s: Situation) -> str:
    """The library's choice has a corpus."""
    return connected(s) or ("" if s.corpus else "choose a corpus first, or make one with {library.new}")


def openable(s: Situation) -> str:
    """The library's choice can be shown in a pane."""
    why = "choose a strand or a sound file ({list.other} goes to the files), or use {file.open}"
    return connected(s) or ("" if s.openable else why)


def closable(s: Situation) -> str:
    """The library's choice is a strand."""
    return connected(s) or ("" if s.closable else "choose a strand in the list on the left")


def model_chosen(s: Situation) -> str:
    """The library's choice is a model."""
    return connected(s) or ("" if s.model else "choose a model in the list on the left")


def job_chosen(s: Situation) -> str:
    """A running job is chosen."""
    return connected(s) or ("" if s.job_running else "no job is chosen that runs, waits or is paused")


def _training(s: Situation) -> str:
    return connected(s) or ("" if s.job_kind == "train" else "no training is chosen")


def pausable(s: Situation) -> str:
    """The chosen training runs or waits."""
    if _training(s):
        return _training(s)
    if s.job_state == "paused":
        return "it is paused: {train.resume} goes on with it"
    if s.job_phase == "pausing":
        return "it is pausing"
    return "" if s.job_state in ("queued", "running") else f"it is {s.job_state}"


def resumable(s: Situation) -> str:
    """The chosen training was put aside or cut off."""
    if _training(s):
        return _training(s)
    if s.job_state in ("queued", "running") and s.job_phase != "pausing":
        return "it goes on already"
    return "" if s.job_state != "done" else "it is done, and a model keeps its codec for life"


def stoppable(s: Situation) -> str:
    """The chosen training has no model yet."""
    return _training(s) or ("" if s.job_state != "done" else "it is done")


def movable(s: Situation) -> str:
    """The chosen job waits."""
    return connected(s) or ("" if s.job_state == "queued" else "no queued job is chosen")


def audible(s: Situation) -> str:
    """There is an evaluation to listen to."""
    none = "nothing to hear yet: every evaluation of a training leaves some seconds"
    return ("" if s.preview else none) or engine_ready(s) or s.sound


def operation(spec: OpSpec) -> Check:
    """What stands in the way of an edit operation, by its row in the table of operations."""
    if spec.takes_strand:
        return both_modelled if spec.needs_model else both
    return modelled if spec.needs_model else online_strand
