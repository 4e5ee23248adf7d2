"""The Keys screen: lists every action with its keys and changes them, with a warning if a key is in use.

Changes apply at once, on every screen, and are saved in the home's keys.toml. `t` shows what the terminal sends.
"""

from textual.app import ComposeResult

from protocol.errors import AlleleError
from tui.actions.press import Press
from tui.actions.registry import ACTIONS, BY_ID, WIDEST
from tui.input.keyfile import key_file, write_keys
from tui.input.keymap import NAMES, Keymap, default_keymap, shown, unsendable
from tui.model.answers import is_yes
from tui.screens.base import BaseScreen
from tui.screens.lists import ListKeys
from tui.widgets.lines import BOLD, PLAIN, Part
from tui.widgets.rows import Row, Rows

WIDE = 20
KEPT = ("app.quit", "app.command")
"""Actions that must have a key: with them a user can quit, and run actions that have no key."""


class KeysScreen(BaseScreen):
    """The screen that lists, changes and resets keys, and tests the terminal."""

    NAME = "keys"
    TITLE_WORDS = "Keys"

    def __init__(self) -> None:
        super().__init__()
        self.rows = Rows("keys-rows")
        self._rebinding: str | None = None  # the action whose new key is read
        self._adds = False
        self._typed: list[str] = []
        self.probing = False
        self._seen: list[Row] = []
        self._escapes = 0
        self.handlers = {
            **ListKeys(lambda: self.rows, self.draw).handlers(),
            "keys.bind": lambda _: self._ask(adds=False),
            "keys.add": lambda _: self._ask(adds=True),
            "keys.clear": self._clear,
            "keys.reset": self._reset,
            "keys.reset_all": self._ask_to_reset_all,
            "keys.map": self._next_keymap,
            "keys.probe": self._probe,
        }

    def compose_body(self) -> ComposeResult:
        yield self.rows

    def draw(self) -> None:
        if not self.is_mounted:
            return
        self.rows.fill(self._seen if self.probing else key_rows(self.keymap))
        super().draw()

    def top_words(self) -> str:
        if self.probing:
            return "What does this terminal send?"
        changed = len(self.allele.own_keys.changes.get(self.keymap.name, {}))
        return f"Keys, {self.keymap.name}-like{f', {changed} of your own' if changed else ''}"

    def bottom_words(self) -> list[Part]:
        if self.probing:
            return [(" press any key: its name in the keymap, and its bytes. Esc twice ends", PLAIN)]
        if self._rebinding is not None:
            typed = f" {shown(' '.join(self._typed))} ..." if self._typed else ""
            return [(f" press the key for: {BY_ID[self._rebinding].title}{typed}   (Esc changes nothing)", BOLD)]
        return [(f" saved in {key_file(self.allele.home)}", PLAIN)]

    def hints(self) -> list[tuple[str, str]]:
        return [
            ("keys.bind", "another key"),
            ("keys.add", "add key"),
            ("keys.clear", "none"),
            ("keys.reset", "usual"),
            ("keys.map", "vim/tracker"),
            ("keys.probe", "test keys"),
            ("go.editor", "editor"),
        ]

    # --- keys that the keymap does not read --------------------------------------------------------------

    def takes(self, token: str) -> bool:
        """Handle keys while the screen waits for a new key or tests the terminal."""
        if self.probing:
            self._escapes = self._escapes + 1 if token == "escape" else 0
            sent = self.allele.sent.encode()[-8:]
            why = unsendable(token)
            means = self.keymap.table_of("editor").get(token, "")
            text = f"{token:<{WIDE}} {' '.join(f'{byte:02x}' for byte in sent):<{WIDE}} {why or means}"
            self._seen = [*self._seen[-200:], Row(text, len(self._seen) + 1)]
            if self._escapes > 1:
                self.probing = False
            self.draw()
            self.rows.step(10_000)
            return True
        if self._rebinding is None:
            return False
        self.lines.clear()
        if token == "escape":
            self._rebinding = None
        else:
            self._typed.append(token)
            self._heard(self._rebinding, " ".join(self._typed))
        return True

    def _heard(self, action_id: str, key: str) -> None:
        """Take a key for an action. It is complete, unless longer sequences begin with it."""
        longer = any(theirs.startswith(key + " ") for keys in self.keymap.keys.values() for theirs in keys)
        if longer:
            return
        self._rebinding = None
        why = unsendable(key)
        if why:
            self.say(why, bad=True)
        else:
            before = self.keymap.keys_for(action_id) if self._adds else ()
            self._offer(action_id, (*(known for known in before if known != key), key))

    def _offer(self, action_id: str, keys: tuple[str, ...]) -> None:
        """Set the keys of an action. Asks first if that removes keys from other actions."""
        clashes = {key: self.keymap.clashes(action_id, key) for key in keys}
        taken = [shown(key) for key, others in clashes.items() if others]
        if not taken:
            self._bind(action_id, keys)
            return
        others = dict.fromkeys(other for found in clashes.values() for other in found)
        names = "; ".join(BY_ID[other].title for other in list(others)[:3])
        question = f"{' and '.join(taken)} {'is' if len(taken) == 1 else 'are'}: {names}. Take it? y or n: "
        self.prompt.ask(question, lambda text: self._answered(action_id, keys, text))

    def _answered(self, action_id: str, keys: tuple[str, ...], answer: str) -> None:
        if is_yes(answer):
            self._bind(action_id, keys)
        else:
            self.say("nothing was changed")

    def _bind(self, action_id: str, keys: tuple[str, ...]) -> None:
        words = f"{' or '.join(map(shown, keys)) or 'no key'}: {BY_ID[action_id].title}"
        self._use(self.keymap.taken_from_others(action_id, keys), words)

    def _use(self, keymap: Keymap, words: str) -> None:
        """Use and save a keymap and report it. Refuses one without keys for the essential actions."""
        for action_id in KEPT:
            if self.keymap.keys_for(action_id) and not keymap.keys_for(action_id):
                name = BY_ID[action_id].title.replace(":", ";").split(";")[0]
                self.say(f"nothing was changed: {name} must have a key, give it another one first", bad=True)
                return
        own = self.allele.own_keys
        own.name = keymap.name
        own.bind(keymap)
        self.allele.keymap = keymap
        try:
            write_keys(self.allele.home, own)
        except AlleleError as error:
            self.say(str(error), bad=True)
        else:
            self.say(words)
        self.draw()

    # --- actions -----------------------------------------------------------------------------------------

    @property
    def _chosen(self) -> str | None:
        key = self.rows.current
        return key if isinstance(key, str) else None

    def _ask(self, *, adds: bool) -> None:
        self._rebinding, self._adds, self._typed = self._chosen, adds, []

    def _clear(self, press: Press) -> None:
        chosen = self._chosen
        if chosen is not None:
            words = f"{BY_ID[chosen].title}: no key; :{chosen} and the palette run it"
            self._use(self.keymap.with_keys(chosen, ()), words)

    def _reset(self, press: Press) -> None:
        chosen = self._chosen
        if chosen is not None:
            self._offer(chosen, default_keymap(self.keymap.name).keys_for(chosen))

    def _ask_to_reset_all(self, press: Press) -> None:
        self.prompt.ask("reset all keys? your changes are lost. y or n: ", self._reset_all)

    def _reset_all(self, answer: str) -> None:
        if is_yes(answer):
            self._use(default_keymap(self.keymap.name), f"the default {self.keymap.name}-like keys")

    def _next_keymap(self, press: Press) -> None:
        name = NAMES[(NAMES.index(self.keymap.name) + 1) % len(NAMES)]
        self._use(self.allele.own_keys.keymap(name), f"{name}-like keys, with your changes")

    def _probe(self, press: Press) -> None:
        self.probing, self._escapes, self._seen = True, 0, [Row(f"{'key':<{WIDE}} {'bytes':<{WIDE}} in the editor")]
        self.draw()


def key_rows(keymap: Keymap) -> list[Row]:
    """Return every action under its group: keys, title, id; `*` marks changed keys."""
    rows: list[Row] = []
    plain = default_keymap(keymap.name)
    for group in dict.fromkeys(action.group for action in ACTIONS):
        rows += [Row(""), Row(group, heading=True)]
        for action in (action for action in ACTIONS if action.group == group):
            mark = " " if keymap.keys_for(action.id) == plain.keys_for(action.id) else "*"
            keys = keymap.words_for(action.id) or "-"
            where = ", ".join(action.screens) or "everywhere"
            rows.append(Row(f"{mark} {keys:<{WIDE}}{action.title:<{WIDEST}}  {action.id}  ({where})", action.id))
    return rows[1:]
