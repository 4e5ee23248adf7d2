"""The form that starts a training: a name and every option. Tab moves on, Enter starts, Esc closes the form."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from protocol.messages.jobs import StartTraining
from protocol.training import OPTIONS, TrainingOptions
from tui.model.names import NAME_RULE, free_name, is_name
from tui.model.training import read_option
from tui.widgets.lines import BOLD, DIM, TextLine


class TrainForm(ModalScreen[StartTraining | None], inherit_bindings=False):
    """A form for the name and options of a training."""

    FIELDS = (
        ("model", "name of the model"),
        *((option.name, f"{option.label} ({option.kind.accepted})") for option in OPTIONS),
    )

    def __init__(self, corpus: str, taken: set[str]) -> None:
        super().__init__()
        self._corpus, self._taken = corpus, taken

    def compose(self) -> ComposeResult:
        with Vertical(id="form"):
            yield TextLine("form-title")
            for name, _ in self.FIELDS:
                with Horizontal(classes="field"):
                    yield TextLine(f"label-{name}")
                    yield Input(id=f"field-{name}", compact=True)
            yield TextLine("form-note")

    def on_mount(self) -> None:
        self.query_one("#form-title", TextLine).show([(f" Train on {self._corpus}", BOLD)])
        for name, label in self.FIELDS:
            self.query_one(f"#label-{name}", TextLine).show(f"  {label}")
        first = self.query_one("#field-model", Input)
        first.value = free_name(self._corpus, self._taken)
        self.set_focus(first)  # at once: `first.focus()` would wait, and letters that are typed now would be lost
        self._note("Tab next   Enter start   Esc close   empty fields use defaults")

    def _note(self, text: str, *, bad: bool = False) -> None:
        self.query_one("#form-note", TextLine).show([(f" {text}", BOLD if bad else DIM)])

    def on_key(self, event: events.Key) -> None:
        """Handle keys that the input fields do not use."""
        if event.key == "escape":
            self.dismiss(None)
        elif event.key in ("tab", "down"):
            self.focus_next()
        elif event.key in ("shift+tab", "up"):
            self.focus_previous()
        else:
            return
        event.stop()
        event.prevent_default()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Start the training on Enter in any field."""
        event.stop()
        values = {name: self.query_one(f"#field-{name}", Input).value.strip() for name, _ in self.FIELDS}
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
