"""The engines of generating, by name, and the options that each does not have. Both sides check against this table."""

ENGINES = ("auto", "neural", "events", "collage")
FOREIGN: dict[str, tuple[str, ...]] = {
    "collage": ("focus", "diversity", "density", "tempo", "repeat", "fullness"),
    "neural": ("density", "fullness"),
    "events": ("focus", "diversity"),
}
"""Options that an engine does not have, and refuses; by the names of `protocol.generation.GenerationOptions`."""
