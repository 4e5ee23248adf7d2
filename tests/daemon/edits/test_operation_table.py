"""Every row of the table of operations has what it needs in the daemon, and the two agree on its traits."""

import inspect

import pytest

from daemon.blending.computations import COMPUTATIONS
from daemon.edits.operations import OPERATIONS
from protocol.operations import NOT_YET, OPS
from protocol.opspec import Place

OF_OTHERS = {"align", "compare", "surprise"}  # the computations that are not called as their operation
OF_ANOTHER = {"pause"}  # the one operation that uses the computation of another, silence


def test_every_operation_has_exactly_one_implementation() -> None:
    assert list(OPERATIONS) == list(OPS)
    assert not set(OPS) & set(NOT_YET)


def test_every_operation_that_needs_a_model_has_exactly_one_computation() -> None:
    modelled = {name for name, spec in OPS.items() if spec.needs_model} - OF_ANOTHER
    assert set(COMPUTATIONS) - OF_OTHERS == modelled
    assert len(set(COMPUTATIONS.values())) == len(COMPUTATIONS)


@pytest.mark.parametrize("name", sorted(set(COMPUTATIONS) - OF_OTHERS))
def test_a_computation_is_given_the_atlas_where_the_table_says_so(name: str) -> None:
    assert OPS[name].needs_atlas == ("atlas" in inspect.signature(COMPUTATIONS[name]).parameters)


@pytest.mark.parametrize("name", sorted(OPS))
def test_traits_do_not_contradict_one_another(name: str) -> None:
    spec = OPS[name]
    assert spec.needs_model or not spec.needs_atlas
    assert spec.takes_strand or not spec.changes_other
    assert spec.arguments or not (spec.takes_strand or spec.fills_register or spec.reads_register)
    assert spec.place is not Place.CELLS or not spec.resizes, "a change of length is one of all levels"
    assert spec.heeds_locks or not spec.repeatable, "what changes cells leaves locked ones alone"
