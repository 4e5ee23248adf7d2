"""The `Situation` of a screen, and the checks that say why an action is not possible now.

A check returns a sentence, or "" when the action is possible. A placeholder such as `{select.start}` in a sentence is
replaced by the key of that action in the current keymap (by tui.input.keymap).
"""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.messages.jobs import JobPhase, JobState
from protocol.opspec import OpSpec


@dataclass(frozen=True)
class Situation:
    """The state of a screen that checks read. The screen makes a new one for each key press and for the palette."""

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
    tempo: bool = False
    no_prior: str = ""
    corpus: bool = False
    openable: bool = False
    closable: bool = False
    model: bool = False
    renamable: bool = False
    deletable: bool = False
    playable: bool = False
    job_running: bool = False
    job_kind: str = ""
    job_state: JobState | None = None
    job_phase: JobPhase = "idle"
    preview: bool = False
    second_part: bool = False
    prior: bool = False
    control: bool = False
    generated: bool = False
    making: bool = False


Check = Callable[[Situation], str]

NO_MODEL = "no model yet: train one in the library ({go.library})"
RESTORE_MODEL = "{library.restore} in the library ({go.library}) restores a model from the trash"


def always(_: Situation) -> str:
    """Return "": the action is always possible."""
    return ""


def connected(s: Situation) -> str:
    """Check that the TUI is connected to a daemon."""
    return "" if s.connected else "not connected to the daemon; reconnecting"


def strand(s: Situation) -> str:
    """Check that the pane shows a strand."""
    return "" if s.strand else "this pane is empty: open a sound with {file.open} or in the library ({go.library})"


def online_strand(s: Situation) -> str:
    """Check that a strand is shown and the daemon can change it."""
    return strand(s) or connected(s)


def engine_ready(s: Situation) -> str:
    """Check that the engine is ready, so that models can be used."""
    if connected(s):
        return connected(s)
    if s.engine == "ready":
        return ""
    if s.engine == "failed":
        return "the engine failed: run allele doctor"
    return f"the engine is {s.engine}; wait until it is ready"


def modelled(s: Situation) -> str:
    """Check that the strand can be changed and its model is available."""
    return online_strand(s) or engine_ready(s)


def scored(s: Situation) -> str:
    """Check that the strand's model has a prior, and that it is available."""
    return modelled(s) or s.no_prior


def sounding(s: Situation) -> str:
    """Check that the strand can be played."""
    return strand(s) or engine_ready(s) or s.sound


def both(s: Situation) -> str:
    """Check that both panes show strands of the same model."""
    if online_strand(s):
        return online_strand(s)
    if not s.other:
        return "this needs a strand in the other pane: {pane.other}, then {file.open}"
    return "" if s.same_model else "the two strands have different models; their codes mean different sounds"


def both_modelled(s: Situation) -> str:
    """Check that both panes show strands of the same model and that the model is available."""
    return both(s) or engine_ready(s)


def undoable(s: Situation) -> str:
    """Check that the strand has an edit to undo."""
    return online_strand(s) or ("" if s.undo else "nothing to undo on this strand")


def redoable(s: Situation) -> str:
    """Check that the strand has an edit to redo."""
    return online_strand(s) or ("" if s.redo else "nothing to redo on this strand")


def repeatable(s: Situation) -> str:
    """Check that an earlier change can be repeated."""
    return online_strand(s) or ("" if s.repeatable else "nothing to repeat yet: {edit.again} repeats the last change")


def one_cell(s: Situation) -> str:
    """Check that no rectangle is selected, so that the action applies to one cell."""
    leave = "a rectangle cannot step: clear it with {select.drop}, or set one code with {edit.set}"
    return online_strand(s) or (leave if s.selection else "")


def selected(s: Situation) -> str:
    """Check that a rectangle is selected."""
    return strand(s) or ("" if s.selection else "no selection: start one with {select.start}")


def online_selected(s: Situation) -> str:
    """Check that a rectangle is selected and the daemon can change the strand."""
    return online_strand(s) or selected(s)


def drawable(s: Situation) -> str:
    """Check that a rectangle is selected and that a prior can draw its cells."""
    return selected(s) or scored(s)


def modelled_codes(s: Situation) -> str:
    """Check that the codes of a model can be shown: the strand's model, or any model when no strand is open."""
    none = f"this strand's model is not here: {RESTORE_MODEL}" if s.strand else NO_MODEL
    return connected(s) or ("" if s.model else none)


def audible_code(s: Situation) -> str:
    """Check that a code can be played at the cursor of the strand."""
    return modelled_codes(s) or sounding(s)


def corpus_chosen(s: Situation) -> str:
    """Check that a corpus is chosen in the library."""
    return connected(s) or ("" if s.corpus else "choose a corpus first, or make one with {library.new}")


def openable(s: Situation) -> str:
    """Check that the item chosen in the library can be opened in a pane."""
    why = "choose a strand or a sound file ({list.other} goes to the files), or use {file.open}"
    return connected(s) or ("" if s.openable else why)


def closable(s: Situation) -> str:
    """Check that a strand is chosen in the library."""
    return connected(s) or ("" if s.closable else "choose a strand in the list on the left")


def renamable(s: Situation) -> str:
    """Check that a model or a strand is chosen in the library."""
    return connected(s) or ("" if s.renamable else "choose a model or a strand in the list on the left")


def model_chosen(s: Situation) -> str:
    """Check that a model is chosen in the library."""
    return connected(s) or ("" if s.model else "choose a model in the list on the left")


def deletable(s: Situation) -> str:
    """Check that a model, a corpus or a strand is chosen in the library."""
    return connected(s) or ("" if s.deletable else "choose a model, corpus or strand in the list on the left")


def playable(s: Situation) -> str:
    """Check that the library's cursor is on something that can be heard."""
    none = "choose a strand, or a recording ({list.other} goes to the files)"
    return connected(s) or ("" if s.playable else none) or engine_ready(s) or s.sound


def job_chosen(s: Situation) -> str:
    """Check that an unfinished job is chosen."""
    return connected(s) or ("" if s.job_running else "choose a job that is running, waiting or paused")


def _training(s: Situation) -> str:
    return connected(s) or ("" if s.job_kind == "train" else "choose a training first")


def pausable(s: Situation) -> str:
    """Check that the chosen training is running or queued."""
    if _training(s):
        return _training(s)
    if s.job_state == "paused":
        return "it is already paused: {train.resume} resumes it"
    if s.job_phase == "pausing":
        return "it is pausing"
    return "" if s.job_state in ("queued", "running") else f"it is {s.job_state}"


def resumable(s: Situation) -> str:
    """Check that the chosen training was paused or ended early."""
    if _training(s):
        return _training(s)
    if s.job_state in ("queued", "running") and s.job_phase != "pausing":
        return "it is already running"
    return "" if s.job_state != "done" else "it is done, and the codec of a finished model cannot change"


def stoppable(s: Situation) -> str:
    """Check that the chosen training has no model yet."""
    return _training(s) or ("" if s.job_state != "done" else "it is done")


def trained(s: Situation) -> str:
    """Check that the chosen job has a finished model."""
    return connected(s) or ("" if s.model else "no model yet: {train.stop} ends a training now and keeps its model")


def movable(s: Situation) -> str:
    """Check that the chosen job is queued."""
    return connected(s) or ("" if s.job_state == "queued" else "choose a job that is queued")


def audible(s: Situation) -> str:
    """Check that the training has an evaluation to play."""
    none = "nothing to hear yet: every evaluation of a training saves a few seconds of sound"
    return ("" if s.preview else none) or engine_ready(s) or s.sound


def two_parts(s: Situation) -> str:
    """Check that the training has begun its second part, the prior."""
    return "" if s.second_part else "this training has no prior yet: it follows when the codec is trained and measured"


def can_generate(s: Situation) -> str:
    """Check that there is a model to generate with."""
    return connected(s) or ("" if s.model else NO_MODEL)


def making(s: Situation) -> str:
    """Check that sounds are being made."""
    return connected(s) or ("" if s.making else "nothing is being made")


def control_chosen(s: Situation) -> str:
    """Check that the cursor is in the list of controls."""
    return "" if s.control else "this is for the controls: {list.other} goes there"


def sound_chosen(s: Situation) -> str:
    """Check that a generated sound is chosen."""
    none = "choose a sound ({list.other} goes to the list), or make some with {generate.choose}"
    return connected(s) or ("" if s.generated else none)


def sound_playable(s: Situation) -> str:
    """Check that the chosen sound can be heard."""
    return sound_chosen(s) or engine_ready(s) or s.sound


def sound_continuable(s: Situation) -> str:
    """Check that a sound is chosen, and that its model has a prior to go on with it."""
    none = "this model has no prior: allele train CORPUS --name MODEL --resume adds one"
    return sound_chosen(s) or ("" if s.prior else none)


def operation(spec: OpSpec) -> Check:
    """Return the check of an edit operation, which follows from its row in the table of operations."""
    if spec.takes_strand:
        return both_modelled if spec.needs_model else both
    if spec.needs_prior:
        return drawable
    if spec.needs_selection:
        return online_selected
    return modelled if spec.needs_model else online_strand
