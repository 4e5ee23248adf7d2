"""What can be done outside the editor: files, lists, library, training, going places, the program itself."""

from tui.actions.action import Action
from tui.actions.situation import (
    always,
    audible,
    closable,
    connected,
    corpus_chosen,
    job_chosen,
    model_chosen,
    movable,
    online_strand,
    openable,
    pausable,
    resumable,
    stoppable,
)

LISTS = ("library", "train", "help", "undolist", "keys")
KEYS = ("keys",)
OVER = ("help", "undolist")
PLAYS = ("editor", "library", "train", "codebook")
LIBRARY, TRAIN = ("library",), ("train",)
OPENS = ("editor", "library")

FILES = (
    Action("file.open", "Open a sound or an .alle file", "File", OPENS, connected),
    Action("file.save", "Save the sound as WAV", "File", ("editor",), online_strand),
)

LIST_MOVES = (
    Action("list.down", "Down", "Move", LISTS),
    Action("list.up", "Up", "Move", LISTS),
    Action("list.first", "First", "Move", LISTS),
    Action("list.last", "Last", "Move", LISTS),
    Action("list.page_down", "A page down", "Move", LISTS),
    Action("list.page_up", "A page up", "Move", LISTS),
    Action("list.other", "To the other list", "Move", ("library", "train")),
)

LIBRARIES = (
    Action("library.choose", "Open what is chosen", "Library", LIBRARY, connected),
    Action("library.open_a", "Open as strand A", "Library", LIBRARY, openable),
    Action("library.open_b", "Open as strand B", "Library", LIBRARY, openable),
    Action("library.open", "Open a sound or an .alle file by its path", "Library", LIBRARY, connected),
    Action(
        "library.close",
        "Close the strand",
        "Library",
        LIBRARY,
        closable,
        "its edits are kept with it: {library.reopen} takes it back",
    ),
    Action("library.reopen", "Take back the strand that was closed last", "Library", LIBRARY, connected),
    Action("library.closed", "Closed strands: choose one to take back", "Library", LIBRARY, connected),
    Action("library.new", "New corpus from files or folders", "Library", LIBRARY, connected),
    Action("library.add", "Add files to this corpus", "Library", LIBRARY, corpus_chosen),
    Action("library.train", "Train on this corpus", "Library", LIBRARY, corpus_chosen),
    Action(
        "library.delete",
        "Put the model in the trash",
        "Library",
        LIBRARY,
        model_chosen,
        "its strands are silent until {library.restore} takes it back",
    ),
    Action("library.restore", "Take a model back from the trash", "Library", LIBRARY, connected),
)

TRAININGS = (
    Action("train.pause", "Pause the training", "Train", TRAIN, pausable, "it uses no processor or memory meanwhile"),
    Action("train.resume", "Go on with the training", "Train", TRAIN, resumable, "paused, failed or cancelled"),
    Action("train.stop", "End the training now and keep its model", "Train", TRAIN, stoppable),
    Action("train.cancel", "Cancel the job", "Train", TRAIN, job_chosen),
    Action("train.sooner", "Earlier in the queue", "Train", TRAIN, movable),
    Action("train.later", "Later in the queue", "Train", TRAIN, movable),
    Action("preview.play", "Play the chosen evaluation, or stop", "Hear", TRAIN, audible),
    Action(
        "preview.compare",
        "To the recording and back, in mid-sound",
        "Hear",
        TRAIN,
        audible,
        "both are equally loud and loop until {preview.play}",
    ),
    Action("train.edit", "To the editor", "Train", TRAIN),
)


KEYING = (
    Action("keys.bind", "Another key for this action", "Keys", KEYS, always, "press it; you see its earlier action"),
    Action("keys.add", "One more key for this action", "Keys", KEYS),
    Action("keys.clear", "No key for this action", "Keys", KEYS, always, "the palette and the : line still do it"),
    Action("keys.reset", "The usual keys of this action", "Keys", KEYS),
    Action("keys.reset_all", "The usual keys of everything", "Keys", KEYS),
    Action("keys.map", "The other keymap: vim-like or tracker-like", "Keys", KEYS),
    Action("keys.probe", "What this terminal really sends", "Keys", KEYS),
)

GOES = (
    Action("go.keys", "Keys: see, change and test them", "Go to"),
    Action("go.editor", "Editor", "Go to"),
    Action("go.library", "Library", "Go to"),
    Action("go.train", "Train", "Go to"),
    Action("go.codebook", "Codebook: every code of a model", "Go to"),
)

PROGRAM = (
    Action("over.back", "Back", "Program", OVER),
    Action("macro.record", "Record a macro, or end it", "Program", PLAYS, letter="its name, a to z or 0 to 9"),
    Action("macro.play", "Play a macro", "Program", PLAYS, letter="its name; @ is the last one"),
    Action("app.command", "Command line: an edit, an action, :w :open :q", "Program"),
    Action("app.palette", "Palette of all actions", "Program"),
    Action("app.help", "Help", "Program"),
    Action("app.redraw", "Draw the screen afresh", "Program"),
    Action("app.quit", "Quit; daemon, jobs and strands go on", "Program"),
)

ACTIONS: tuple[Action, ...] = (*FILES, *LIST_MOVES, *LIBRARIES, *TRAININGS, *KEYING, *GOES, *PROGRAM)
