"""The operation `mutate`: cells go to near codes at random, all or only the dull or the odd ones."""

import numpy as np

from daemon.edits.answers import as_codes
from daemon.edits.arguments import real, seed_of
from daemon.edits.lengths import LONG_FRAMES
from daemon.edits.ranges import cells_of, change_of, cut
from daemon.edits.surprising import Free, changed_words, with_free
from daemon.edits.values import Computation, Grid, Outcome, Step
from protocol.arrays import Array
from protocol.edits import Edit


def mutate(edit: Edit, grid: Grid) -> Step:
    """Change cells at random to codes near their own, the more the larger STRENGTH is."""
    strength, seed = real(edit.args[0], "STRENGTH", 0, 1), seed_of(edit)
    cells = cells_of(edit, grid)
    mine = cut(grid, cells)
    if strength == 0:
        return Outcome(changes=[change_of(grid, cells, mine)])

    def mutated(free: Free) -> Step:
        def finish(answer: Array) -> Outcome:
            after = np.where(free, as_codes(answer, mine.shape, grid), mine)
            return Outcome(changes=[change_of(grid, cells, after)], notes=changed_words(edit, free, mine, after))

        return Computation(
            kind=edit.op,
            settings={"top": cells.levels.first, "strength": strength, "seed": seed},
            inputs=(mine,),
            finish=finish,
            is_long=cells.width > LONG_FRAMES,
        )

    return with_free(edit, grid, cells, mutated)
