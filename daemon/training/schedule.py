"""Learning rate by the share of the run that is done, measured in seconds or steps."""

import math

from daemon.runs.spec import Recipe


def learning_rate(recipe: Recipe, step: int, share: float) -> float:
    """Learning rate: linear warm-up over the first steps, then a cosine from the peak to `final_rate` of it.

    Args:
        step: steps done.
        share: share of the budget or of the steps that is done, 0 to 1.
    """
    warm = min(1.0, (step + 1) / recipe.warmup_steps)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, share))))
    return recipe.learning_rate * warm * (recipe.final_rate + (1 - recipe.final_rate) * cosine)
