"""The actions outside the editor: files, lists, library, training, navigation and the program itself."""

from tui.actions.action import Action
from tui.actions.situation import (
    always,
    audible,
    closable,
    connected,
    corpus_chosen,
    deletable,
    job_chosen,
    model_chosen,
    movable,
    online_selected,
    online_strand,
    openable,
    pausable,
    playable,
    renamable,
    resumable,
    stoppable,
    trained,
    two_parts,
)

LISTS = ("library", "train", "generate", "help", "undolist", "takes", "keys")
KEYS = ("keys",)
OVER = ("help", "undolist", "takes")
PLAYS = ("editor", "library", "train", "codebook", "generate")
BACKS = ("library", "train", "codebook", "keys", "generate")
LIBRARY, TRAIN = ("library",), ("train",)
OPENS = ("editor", "library")

FILES = (
    Action("file.open", "Open a sound or an .alle file", "File", OPENS, connected),
    Action("file.save", "Save the sound as WAV", "File", ("editor",), online_strand),
    Action(
        "file.save_selection",
        "Save only the selection as WAV",
        "File",
        ("editor",),
        online_selected,
        "also :w FILE @212:400, or in seconds: :w FILE @1.2s:3.4s",
    ),
)

LIST_MOVES = (
    Action("list.down", "Down", "Move", LISTS),
    Action("list.up", "Up", "Move", LISTS),
    Action("list.first", "First", "Move", LISTS),
    Action("list.last", "Last", "Move", LISTS),
    Action("list.page_down", "A page down", "Move", LISTS),
    Action("list.page_up", "A page up", "Move", LISTS),
    Action("list.other", "To the other list", "Move", ("library", "train", "generate")),
)

LIBRARIES = (
    Action("library.choose", "Open the chosen item", "Library", LIBRARY, connected),
    Action("library.open_a", "Open as strand A", "Library", LIBRARY, openable),
    Action("library.open_b", "Open as strand B", "Library", LIBRARY, openable),
    Action(
        "library.play",
        "Play the chosen strand or recording, or stop",
        "Library",
        LIBRARY,
        playable,
        "moving on during playback plays the next one; on a model or corpus its first recording",
    ),
    Action("library.rename", "Rename the strand or model", "Library", LIBRARY, renamable),
    Action("library.duplicate", "Duplicate the strand", "Library", LIBRARY, closable, "the copy has edits of its own"),
    Action("library.open", "Open a sound or an .alle file by its path", "Library", LIBRARY, connected),
    Action(
        "library.close",
        "Close the strand",
        "Library",
        LIBRARY,
        closable,
        "its edits are kept with it: {library.reopen} reopens it",
    ),
    Action("library.reopen", "Reopen the strand that was closed last", "Library", LIBRARY, connected),
    Action("library.closed", "Closed strands: choose one to reopen", "Library", LIBRARY, connected),
    Action("library.new", "New corpus from files or folders", "Library", LIBRARY, connected),
    Action("library.add", "Add files to this corpus", "Library", LIBRARY, corpus_chosen),
    Action("library.generate", "Generate with this model", "Library", LIBRARY, model_chosen),
    Action("library.train", "Train on this corpus", "Library", LIBRARY, corpus_chosen),
    Action(
        "library.delete",
        "Delete the model, corpus or strand (to the trash)",
        "Library",
        LIBRARY,
        deletable,
        "says first what depends on it; {library.restore} restores a model, {library.reopen} a strand",
    ),
    Action("library.restore", "Restore a model from the trash", "Library", LIBRARY, connected),
)

TRAININGS = (
    Action(
        "train.pause", "Pause the training", "Train", TRAIN, pausable, "a paused training uses no processor or memory"
    ),
    Action("train.resume", "Resume the training", "Train", TRAIN, resumable, "paused, failed or cancelled"),
    Action("train.stop", "End the training now and keep its model", "Train", TRAIN, stoppable),
    Action("train.cancel", "Cancel the job", "Train", TRAIN, job_chosen),
    Action("train.sooner", "Earlier in the queue", "Train", TRAIN, movable),
    Action("train.later", "Later in the queue", "Train", TRAIN, movable),
    Action("train.part", "Curves of the prior, or of the codec again", "Train", TRAIN, two_parts),
    Action("preview.play", "Play the chosen evaluation, or stop", "Hear", TRAIN, audible),
    Action(
        "preview.compare",
        "Switch between the recording and the result",
        "Hear",
        TRAIN,
        audible,
        "during playback; both are equally loud and loop until {preview.play}",
    ),
    Action(
        "train.edit",
        "Edit with the trained model",
        "Train",
        TRAIN,
        trained,
        "as soon as it is trained; its colours follow when its codes are measured",
    ),
)


KEYING = (
    Action(
        "keys.bind",
        "Change the key of this action",
        "Keys",
        KEYS,
        always,
        "press the new key; its earlier action is shown",
    ),
    Action("keys.add", "Add a key to this action", "Keys", KEYS),
    Action(
        "keys.clear", "Remove the keys of this action", "Keys", KEYS, always, "the palette and the : line still run it"
    ),
    Action("keys.reset", "Reset the keys of this action", "Keys", KEYS),
    Action("keys.reset_all", "Reset the keys of all actions", "Keys", KEYS),
    Action("keys.map", "Switch keymap: vim-like or tracker-like", "Keys", KEYS),
    Action("keys.probe", "Show what this terminal sends for a key", "Keys", KEYS),
)

GOES = (
    Action("go.keys", "Keys: see, change and test them", "Go to"),
    Action("go.editor", "Editor", "Go to"),
    Action("go.library", "Library", "Go to"),
    Action("go.train", "Train", "Go to"),
    Action("go.generate", "Generate: new sounds from a model's own material", "Go to"),
    Action("go.codebook", "Codebook: every code of a model", "Go to"),
    Action("go.back", "Back to the screen before this one", "Go to", BACKS),
)

PROGRAM = (
    Action("over.back", "Back", "Program", OVER),
    Action("help.find", "Find a word in the help", "Program", ("help",)),
    Action(
        "macro.record", "Record a macro, or end the recording", "Program", PLAYS, letter="its name, a to z or 0 to 9"
    ),
    Action("macro.play", "Play a macro", "Program", PLAYS, letter="its name; @ is the last one"),
    Action("app.command", "Command line: an edit, an action, :w :open :q", "Program"),
    Action("app.palette", "Palette of all actions", "Program"),
    Action("app.help", "Help", "Program"),
    Action(
        "app.theme", "Theme: the colours of the whole screen", "Program", (), always, "moving shows it; Enter keeps it"
    ),
    Action("app.redraw", "Redraw the screen", "Program"),
    Action("app.quit", "Quit; the daemon, jobs and strands stay", "Program"),
)

ACTIONS: tuple[Action, ...] = (*FILES, *LIST_MOVES, *LIBRARIES, *TRAININGS, *KEYING, *GOES, *PROGRAM)
