"""The prior's part of a training as the Train screen shows it: curves of bits a frame, bits of each level, previews.

It is filled from the same log and events as the codec's part; an entry that arrives twice has no effect.
"""

from protocol.messages.events import PriorEvaluated, PriorStepped
from tui.model.curve import Curve, Legend


class PriorTraining:
    """Newest step and evaluation of a prior, and its curves. `version` grows with every change."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.step: PriorStepped | None = None
        self.evaluations: list[PriorEvaluated] = []
        self.loss, self.held_out, self.learnt = Curve(), Curve(), Curve()
        self.version = 0

    @property
    def is_begun(self) -> bool:
        """Whether anything of it was reported."""
        return self.step is not None or bool(self.evaluations)

    @property
    def evaluation(self) -> PriorEvaluated | None:
        """The newest evaluation, or None before the first."""
        return self.evaluations[-1] if self.evaluations else None

    @property
    def previews(self) -> list[PriorEvaluated]:
        """Evaluations that saved a preview, the newest first."""
        return [one for one in reversed(self.evaluations) if one.preview]

    def take(self, body: PriorStepped | PriorEvaluated) -> None:
        """Add the body of one event."""
        self.version += 1
        if isinstance(body, PriorStepped):
            if self.step is not None and body.step < self.step.step:
                self.loss = Curve()  # resumed from an older checkpoint: the curve continues from there
            self.step = body
            self.loss.add(body.elapsed_s, body.bits)
            return
        self.evaluations = [one for one in self.evaluations if one.elapsed_s < body.elapsed_s] + [body]
        self.learnt.add(body.elapsed_s, body.train_bits)
        if body.bits is not None:
            self.held_out.add(body.elapsed_s, body.bits)

    def legend(self) -> list[Legend | None]:
        """Return the name and newest value of each curve: loss, learnt, held out; None before its first point."""
        evaluation, step = self.evaluation, self.step
        held: Legend | None = None
        if evaluation is not None:
            value = evaluation.bits
            held = ("nothing held out", "no held-out")
            if value is not None:
                held = (f"held-out {value:.1f} bits a frame", f"held {value:.1f} bits")
        learnt = None if evaluation is None else (f"learnt {evaluation.train_bits:.1f}", f"{evaluation.train_bits:.1f}")
        loss = None if step is None else (f"step {step.bits:.1f}", f"{step.bits:.1f}")
        return [loss, learnt, held]

    def words(self) -> str:
        """Return the newest measurements: what copies and the network are worth, and the novelty of the preview."""
        evaluation = self.evaluation
        if evaluation is None:
            return "" if self.step is None else f"prior step {self.step.step}: {self.step.bits:.1f} bits a frame"
        known = [] if evaluation.network_bits is None else [f"without copies {evaluation.network_bits:.1f}"]
        known.append(f"by use alone {evaluation.unigram_bits:.1f}")
        novelty = f"; preview: {evaluation.novelty}" if evaluation.novelty else ""
        return f"prior step {evaluation.step}: {', '.join(known)} bits{novelty}"
