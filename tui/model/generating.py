"""The state of the Generate screen: the chosen model, the controls of each model, and whether moves are heard."""

from dataclasses import dataclass, field
from typing import Any

from tui.model.controls import BY_NAME, Controls

MOST_MODELS = 20
"""The largest number of models whose controls are restored at the next start."""


@dataclass
class Generating:
    """What the Generate screen remembers."""

    model: str = ""
    hears: bool = True
    controls: dict[str, Controls] = field(default_factory=dict[str, Controls])

    def controls_of(self, model: str) -> Controls:
        """The controls of a model, at their defaults the first time."""
        return self.controls.setdefault(model, Controls())

    def state(self) -> dict[str, Any]:
        """The state to restore at the next start, as plain data."""
        newest = list(self.controls.items())[-MOST_MODELS:]
        values = {model: controls.values for model, controls in newest if controls.values}
        return {"model": self.model, "hears": self.hears, "controls": values}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a state. Values that no option accepts are skipped."""
        self.model = str(state.get("model", ""))
        self.hears = state.get("hears") is not False
        known = state.get("controls")
        for model, values in (known if isinstance(known, dict) else {}).items():
            controls = self.controls_of(str(model))
            for name, value in (values if isinstance(values, dict) else {}).items():
                if name in BY_NAME and BY_NAME[name].kind.allows(value):
                    controls.put(name, value)
