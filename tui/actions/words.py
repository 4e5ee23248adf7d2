"""Everyday words for what the actions do, so that palette and help find `export` although the action says "save".

`EVERYDAY` maps a word that users type to words that titles, ids and help use. `rank` compares a typed text with the
text of an entry: words that occur are better than everyday words for them.
"""

EVERYDAY: dict[str, tuple[str, ...]] = {
    "a/b": ("before or after",),
    "back": ("undo", "earlier"),
    "beat": ("onset",),
    "bounce": ("save",),
    "bpm": ("tempo",),
    "brighter": ("nudge",),
    "clone": ("copy", "repeat"),
    "compare": ("before or after",),
    "crop": ("select", "write the strand"),
    "cut": ("copy", "select", "write the strand"),
    "darker": ("nudge",),
    "delete": ("remove", "close", "trash"),
    "duplicate": ("copy", "repeat"),
    "exit": ("quit",),
    "export": ("save", "write"),
    "grid": ("snap", "tempo"),
    "history": ("undo list",),
    "hotkeys": ("keys",),
    "import": ("open", "new corpus"),
    "insert": ("put", "repeat", "mirror"),
    "learn": ("train",),
    "load": ("open",),
    "loop": ("repeat",),
    "louder": ("nudge",),
    "maximize": ("alone",),
    "morph": ("blend",),
    "paste": ("put",),
    "metronome": ("tempo",),
    "preview": ("hear", "play"),
    "random": ("mutate",),
    "randomise": ("mutate",),
    "render": ("save", "write"),
    "resize": ("higher", "lower", "as high"),
    "revert": ("undo",),
    "sample": ("sound", "recording"),
    "save": ("write",),
    "scroll": ("page",),
    "search": ("find",),
    "settings": ("theme", "palette", "keys", "follow"),
    "shortcuts": ("keys",),
    "slower": ("stretch",),
    "split": ("higher", "lower", "alone"),
    "stop": ("silence", "play"),
    "theme": ("theme", "palette", "colour"),
    "tempo": ("stretch",),
    "transient": ("onset",),
    "trim": ("crop", "select", "write the strand"),
    "variation": ("vary", "mutate"),
    "volume": ("nudge", "mute"),
    "wav": ("save",),
}
NO_MATCH = 3


def rank(query: str, title: str, text: str) -> int:
    """Return how well an entry matches a typed query: 0 is best, NO_MATCH means that a word of it is missing.

    Args:
        title: what the entry does, in a few words.
        text: everything that is searched, in lower case.
    """
    words, title = query.lower().split(), title.lower()
    if title.startswith(query.lower()):
        return 0
    if all(word in text for word in words):
        return 0 if all(word in title for word in words) else 1
    return 2 if all(word in text or _means(word, title) for word in words) else NO_MATCH


def _means(word: str, title: str) -> bool:
    """Return whether a word, or the start of one that has at least 3 letters, is an everyday word for a title."""
    meant = EVERYDAY.get(word, ())
    if not meant and len(word) > 2:  # while the word is being typed
        meant = tuple(one for known, ones in EVERYDAY.items() if known.startswith(word) for one in ones)
    return any(one in title for one in meant)
