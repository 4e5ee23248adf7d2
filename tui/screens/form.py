"""The form that starts a training: a name and every option. Tab moves on, Enter starts, Esc closes the form.

Its fields behave as prompts do: an offer is replaced by typing, and a refused form stays open with its text.
"""

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen

from protocol.messages.jobs import StartTraining
from protocol.training import OPTIONS, TrainingOptions
from tui.model.names import NAME_RULE, free_name, is_name
from tui.model.training import read_option
from tui.screens.key_input import token_of
from tui.widgets.form_field import FormField
from tui.widgets.lines import BOLD, DIM, TextLine

HINT = "Tab next   Enter start   Esc close   empty fields use defaults"
STEPS = {"tab": 1, "down": 1, "shift+tab": -1, "up": -1}
"""Keys that go to another field, by so many fields."""


class TrainForm(ModalScreen[StartTraining | None], inherit_bindings=False):
    """A form for the name and options of a training."""

    AUTO_FOCUS = ""
    FIELDS = (
        ("model", "name of the model"),
        *((option.name, f"{option.label} ({option.kind.accepted})") for option in OPTIONS),
    )

    def __init__(self, corpus: str, taken: set[str]) -> None:
        super().__init__()
        self._corpus, self._taken = corpus, taken
        self.fields = {name: FormField(f"field-{name}") for name, _ in self.FIELDS}
        self._at = 0
        self.fields["model"].offer(free_name(corpus, taken))
        self.field.activate(True)

    def compose(self) -> ComposeResult:
        with Vertical(id="form"):
            yield TextLine("form-title")
            for name, _ in self.FIELDS:
                with Horizontal(classes="field"):
                    yield TextLine(f"label-{name}")
                    yield self.fields[name]
            yield TextLine("form-note")

    def on_mount(self) -> None:
        self.query_one("#form-title", TextLine).show([(f" Train on {self._corpus}", BOLD)])
        for name, label in self.FIELDS:
            self.query_one(f"#label-{name}", TextLine).show(f"  {label}")
        self._note(HINT)

    @property
    def field(self) -> FormField:
        """The field that is typed in."""
        return list(self.fields.values())[self._at]

    def _note(self, text: str, *, bad: bool = False) -> None:
        self.query_one("#form-note", TextLine).show([(f" {text}", BOLD if bad else DIM)])

    def on_key(self, event: events.Key) -> None:
        """Handle every key: it leaves, starts, goes to another field or edits the text."""
        event.stop()
        event.prevent_default()
        key = token_of(event)
        if key in ("escape", "ctrl+c"):
            self.dismiss(None)
        elif key == "enter":
            self._submit()
        elif key in STEPS:
            self._go(self._at + STEPS[key])
        else:
            self.field.type(key)
            self._note(HINT)

    def on_paste(self, event: events.Paste) -> None:
        """Insert pasted text into the active field, as one line."""
        event.stop()
        self.field.paste(event.text)

    def on_form_field_pressed(self, event: FormField.Pressed) -> None:
        """Go to a field that was pressed with the mouse."""
        self._go(list(self.fields.values()).index(event.field))

    def _go(self, at: int) -> None:
        self.field.activate(False)
        self._at = at % len(self.fields)
        self.field.activate(True)
        self.field.scroll_visible(animate=False)

    def _submit(self) -> None:
        """Start the training, or show what is wrong and keep the text."""
        values = {name: field.value.strip() for name, field in self.fields.items()}
        try:
            order = read_order(self._corpus, values, self._taken)
        except ValueError as problem:
            self._note(str(problem), bad=True)
            return
        self.dismiss(order)


def read_order(corpus: str, values: dict[str, str], taken: set[str]) -> StartTraining:
    """Return the fields as a request.

    Raises:
        ValueError: with a sentence to show to the user.
    """
    model = values["model"]
    if not model:
        raise ValueError("the model needs a name")
    if not is_name(model):
        raise ValueError(f"a name has {NAME_RULE}")
    if model in taken:
        raise ValueError(f"{model} exists and its codec cannot change; choose another name")
    options = TrainingOptions(**{option.name: read_option(option, values[option.name]) for option in OPTIONS})
    options.check()
    return StartTraining(corpus=corpus, model=model, options=options)
