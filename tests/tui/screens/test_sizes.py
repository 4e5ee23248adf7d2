"""Terminals from 20×5 to 300×80: every screen is there, keys act, and room is used."""

from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("clean")


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (200, 50), (300, 80)])
async def test_keys_act_in_a_terminal_of_any_size(with_two: Any, until: Any, size: tuple[int, int]) -> None:
    async with with_two(size) as (app, pilot):
        a, b = app.screen.grids()
        before = a.codes.copy(), b.codes.copy()
        await pilot.press("v", "3", "l", "j", "s")
        await until(pilot, lambda: a.rev == 1 and b.rev == 1)
        assert (a.codes[:2, :4] == before[1][:2, :4]).all()
        await pilot.press("escape", "u")
        await until(pilot, lambda: a.rev == 2)
        assert (a.codes == before[0]).all()
        for key in ("g l", "g t", "g c", "g K", "g e", "?"):
            await pilot.press(*key.split())
            await pilot.pause()
            text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            assert text.strip() and all(len(line) <= size[0] for line in text.splitlines())
        await pilot.press("escape")
        text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        if size[0] < 60:
            assert "Allele needs 60x16" in text
        else:
            assert all(panes.grid.size.height >= 1 for panes in app.screen.panes)
        if size[1] >= 50:
            assert all(panes.grid.size.height >= a.levels and panes.wave.display for panes in app.screen.panes)
            assert max(len(line.rstrip()) for line in text.splitlines()) >= size[0] - 2, "the room is not used"
