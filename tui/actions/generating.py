"""The actions of the Generate screen: its controls, what is made, and the sounds that were made."""

from tui.actions.action import Action
from tui.actions.situation import (
    Check,
    always,
    can_generate,
    connected,
    control_chosen,
    making,
    sound_chosen,
    sound_continuable,
    sound_playable,
)

GENERATE = ("generate",)


def _make(name: str, title: str, why_not: Check = always, text: str = "") -> Action:
    return Action(f"generate.{name}", title, "Generate", GENERATE, why_not, text)


ACTIONS: tuple[Action, ...] = (
    _make(
        "choose",
        "Make new sounds; in the list of sounds, open the chosen one in the editor",
        can_generate,
        "they are listed as they are made, and stay in the home's history",
    ),
    _make("make", "Make new sounds with these controls", can_generate),
    _make("cancel", "Stop making; finished sounds stay", making),
    _make("less", "Less of this control", control_chosen),
    _make("more", "More of this control", control_chosen, "a count is so many steps; digits type a value"),
    _make(
        "type",
        "Type the value of this control",
        control_chosen,
        "a digit or a minus begins to type at once; a length may be `4 bars`",
    ),
    _make("reset", "Reset this control", control_chosen, "the daemon then chooses what suits the model"),
    _make("reset_all", "Reset all controls"),
    _make("lock_seed", "Lock the seed: the next sounds take the same again, or new ones"),
    _make("model", "Choose the model", connected),
    _make("presets", "Presets of this model: recall one", can_generate),
    _make("save_preset", "Save the controls as a preset", can_generate, "without the seed and the number of sounds"),
    _make("delete_preset", "Delete a preset", can_generate, "it is moved to the trash"),
    _make("play", "Play the chosen sound, or stop", sound_playable),
    _make("hear", "Hear each sound that the cursor comes to: on or off"),
    _make("to_a", "Open the sound as strand A", sound_chosen),
    _make("to_b", "Open the sound as strand B", sound_chosen),
    _make(
        "keep",
        "Keep this sound, or do not",
        sound_chosen,
        "a kept sound is marked with * and cannot be discarded; every sound stays until it is discarded",
    ),
    _make("save", "Save this sound as WAV, with its .alle, in a folder", sound_chosen),
    _make("discard", "Discard this sound (to the trash)", sound_chosen),
    _make("continue", "Make what comes after this sound", sound_continuable, "as long as the control says"),
    _make("vary", "Make variations of this sound", sound_continuable, "so many as the control says"),
)
