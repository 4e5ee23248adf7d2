"""The lists over the Generate screen: models, and the presets of a model."""

from collections.abc import Sequence

from protocol.messages.models import ModelInfo
from protocol.messages.sounds import Preset
from tui.model.sounds import wanted_words
from tui.screens.chooser import Chooser
from tui.widgets.rows import Row


class ModelList(Chooser):
    """Returns the name of a model, or None."""

    def __init__(self, models: Sequence[ModelInfo], verb: str = "Generate with") -> None:
        super().__init__(f"{verb} which model?  Enter chooses it")
        self._models = models

    def found(self, text: str) -> list[Row]:
        words = text.lower().split()
        named = [model for model in self._models if all(word in model.name.lower() for word in words)]
        return [Row(_model_row(model), model.name) for model in named] or [Row("no model has this name")]


class PresetList(Chooser):
    """Returns the name of a preset, or None."""

    def __init__(self, presets: Sequence[Preset], verb: str) -> None:
        super().__init__(f"Which preset?  Enter {verb} it")
        self._presets = presets

    def found(self, text: str) -> list[Row]:
        words = text.lower().split()
        named = [preset for preset in self._presets if all(word in preset.name.lower() for word in words)]
        return [Row(_preset_row(preset), preset.name) for preset in named] or [Row("no preset has this name")]


def _model_row(model: ModelInfo) -> str:
    prior = "no prior" if model.prior is None else "prior"
    return f"{model.name[:30]:<30} {model.corpus[:24]:<24} {prior}"


def _preset_row(preset: Preset) -> str:
    options = {name: getattr(preset.options, name) for name in vars(preset.options)}
    return f"{preset.name[:24]:<24} {' · '.join(wanted_words(options)) or 'defaults'}"
