"""The Train form types as prompts do: offers are replaced, refusals keep the text, no key is lost."""

from typing import Any

import pytest
from textual import events

from tui.screens.form import TrainForm, free_name

pytestmark = pytest.mark.usefixtures("clean")


async def test_an_offer_is_replaced_and_a_moved_cursor_keeps_it(opened: Any, until: Any) -> None:
    async with opened((80, 24)) as (app, pilot):
        await until(pilot, lambda: app.screen.corpus == "tones")
        for key in ("t", *"rain"):  # without waiting for the form
            app.post_message(events.Key(key, key))
        await until(pilot, lambda: isinstance(app.screen, TrainForm))
        fields = app.screen.fields
        await until(pilot, lambda: fields["model"].value == "rain", 5)
        await pilot.press("escape", "t")
        offer = free_name("tones", {model.name for model in app.session.models})
        fields = app.screen.fields
        assert fields["model"].value == offer
        await pilot.press("end", "x")
        assert fields["model"].value == offer + "x", "a moved cursor keeps the offer"
        await pilot.press("tab", *"soon", "enter")
        assert fields["budget_s"].value == "soon" and "'soon' is not a time" in app.screen.query_one("#form-note").text
        await pilot.press("backspace", "backspace", "backspace", "backspace", *"9s", "shift+tab", "y")
        assert (fields["budget_s"].value, fields["model"].value) == ("9s", "y"), "a field that is entered is selected"
        await pilot.press("up")
        assert list(fields)[-1] == next(name for name, field in fields.items() if field is app.screen.field)
        await pilot.press("escape")
        assert app.screen.NAME == "library"


async def test_the_mouse_chooses_a_field_and_a_paste_goes_into_it(opened: Any, until: Any) -> None:
    async with opened((80, 24)) as (app, pilot):
        await until(pilot, lambda: app.screen.corpus == "tones")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TrainForm) and app.screen.fields["seed"].region.height)
        await pilot.click("#field-seed")
        await until(pilot, lambda: app.screen.field is app.screen.fields["seed"])
        app.post_message(events.Paste("4\n2\n"))
        await until(pilot, lambda: app.screen.fields["seed"].value == "4 2")
        shown = app.screen.fields["seed"].line(0, 20).text
        assert shown.startswith("4 2 ") and len(shown) == 20
