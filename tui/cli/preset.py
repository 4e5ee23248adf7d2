"""The commands `allele preset list|save|show|delete`: named options of generating, which belong to a model."""

from argparse import Namespace
from dataclasses import asdict
from shlex import quote
from typing import Any

from protocol.errors import AlleleError
from protocol.generation import ONCE, OPTIONS, GenerationOptions
from protocol.messages.models import ShowModel
from protocol.messages.sounds import DeletePreset, ListPresets, Preset, Presets, SavePreset
from tui.cli.output import Output, harmless, table
from tui.cli.session import with_daemon
from tui.transport.client import Client


def given_options(arguments: Namespace, base: GenerationOptions | None = None) -> GenerationOptions:
    """Return the options that the command line gave; the others are those of `base`, or the defaults."""
    given = {option.name: getattr(arguments, option.name) for option in OPTIONS if hasattr(arguments, option.name)}
    return GenerationOptions(**({} if base is None else asdict(base)) | given)


async def find_preset(client: Client, model: str, name: str) -> Preset:
    """Find a preset of a model.

    Raises:
        AlleleError: E_NOT_FOUND. It lists the presets that the model has.
    """
    await client.ask(ShowModel(name=model))  # for an unknown model, the message is about that
    presets = (await client.ask(ListPresets(model=model))).presets
    found = next((preset for preset in presets if preset.name == name), None)
    if found is None:
        known = ", ".join(preset.name for preset in presets) or "none"
        hint = f"save one: allele preset save {quote(model)} {quote(name)} --brightness 0.5"
        raise AlleleError("E_NOT_FOUND", f"{model} has no preset called {name!r} (there are: {known})", hint=hint)
    return found


def list_(arguments: Namespace, output: Output) -> int:
    """List the presets of a model, one per line."""

    async def work(client: Client) -> Presets:
        await client.ask(ShowModel(name=arguments.model))
        return await client.ask(ListPresets(model=arguments.model))

    found = with_daemon(arguments, work)
    for problem in found.damaged:
        output.note(problem)
    rows = [(preset.name, _words(preset.options), preset.saved) for preset in found.presets]
    lines = table(("preset", "options", "saved"), rows) if rows else f"{arguments.model} has no presets yet"
    output.result({"presets": [_facts(preset) for preset in found.presets], "damaged": found.damaged}, lines)
    return 0


def save(arguments: Namespace, output: Output) -> int:
    """Save the options that are given as a preset."""
    request = SavePreset(
        model=arguments.model, name=arguments.name, options=given_options(arguments), replace=arguments.force
    )

    async def work(client: Client) -> Preset:
        return await client.ask(request)

    saved = with_daemon(arguments, work)
    output.result(_facts(saved) | {"model": arguments.model}, harmless(f"{saved.name}: {_words(saved.options)}"))
    return 0


def show(arguments: Namespace, output: Output) -> int:
    """Show the options of a preset."""

    async def work(client: Client) -> Preset:
        return await find_preset(client, arguments.model, arguments.name)

    found = with_daemon(arguments, work)
    lines = [f"{name}: {value}" for name, value in _facts(found)["options"].items()] or ["every option at its default"]
    output.result(_facts(found) | {"model": arguments.model}, [harmless(one) for one in lines])
    return 0


def delete(arguments: Namespace, output: Output) -> int:
    """Move a preset to the trash."""

    async def work(client: Client) -> str:
        await find_preset(client, arguments.model, arguments.name)
        return (await client.ask(DeletePreset(model=arguments.model, name=arguments.name))).detail

    detail = with_daemon(arguments, work)
    output.result({"deleted": arguments.name, "detail": detail}, harmless(f"{arguments.name}: {detail}"))
    return 0


def _facts(preset: Preset) -> dict[str, Any]:
    options = {
        option.name: value
        for option in OPTIONS
        if (value := getattr(preset.options, option.name)) != option.default and option.name not in ONCE
    }
    return {"name": preset.name, "options": options, "saved": preset.saved}


def _words(options: GenerationOptions) -> str:
    """The options that are not at their defaults, as the command line gives them."""
    changed = {option.flag: getattr(options, option.name) for option in OPTIONS}
    at_default = {option.flag: option.default for option in OPTIONS}
    words = [_flag(flag, value) for flag, value in changed.items() if value != at_default[flag]]
    return " ".join(words) or "defaults"


def _flag(flag: str, value: Any) -> str:
    if value is True:
        return flag
    return f"{flag} {value:g}" if isinstance(value, float) else f"{flag} {value}"
