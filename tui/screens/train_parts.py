"""Which part of a training the Train screen shows: its codec, or its prior once that is begun."""

from typing import TYPE_CHECKING

from tui.actions.press import Handlers, Press
from tui.model.prior_training import PriorTraining

if TYPE_CHECKING:
    from tui.screens.train import TrainScreen


class TrainParts:
    """Chooses the part. The user's choice holds for the job that it was made for."""

    def __init__(self, screen: "TrainScreen") -> None:
        self._screen = screen
        self._codec_of = ""  # the job whose codec the user chose to see

    def handlers(self) -> Handlers:
        """Return the handler of the action that shows the other part."""
        return {"train.part": self._show_other}

    @property
    def has_two(self) -> bool:
        """Whether the chosen training has begun its prior."""
        training = self._screen.training
        return training is not None and training.prior.is_begun

    @property
    def prior(self) -> PriorTraining | None:
        """The prior of the chosen training if that is what is shown, else None."""
        training = self._screen.training
        return training.prior if training is not None and self.has_two and training.job != self._codec_of else None

    def _show_other(self, press: Press) -> None:
        training = self._screen.training
        if training is not None:
            self._codec_of = training.job if self.prior is not None else ""
            self._screen.say("the codec's curves" if self._codec_of else "the prior's curves")
            self._screen.draw_training()
