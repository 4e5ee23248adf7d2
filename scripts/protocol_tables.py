"""Write the tables of docs/protocol.md from protocol/, between its markers; with --check only compare.

    .venv/bin/python scripts/protocol_tables.py [--check]

The prose outside of the markers is written by hand and is the specification. A test checks that the tables equal the
code.
"""

import re
import sys
import typing
from pathlib import Path

import msgspec

from protocol import arrays, edits, errors, frames, operations, options, ranges, strands, tempo, training, version
from protocol.messages import corpora, models, novelty, playback, session, sounds
from protocol.messages import strands as strand_messages
from protocol.messages.registry import EVENTS, REQUESTS

DOCUMENT = Path(__file__).parents[1] / "docs" / "protocol.md"


def type_name(type_: object) -> str:
    """A type as the specification writes it: str, list[str], int or null, StrandMeta."""
    if typing.get_origin(type_) is typing.Annotated:
        inner, *metas = typing.get_args(type_)
        return type_name(inner) + "".join(limit(meta) for meta in metas)
    if type_ is type(None):
        return "null"
    if type_ is typing.Any:
        return "any"
    arguments = typing.get_args(type_)
    if arguments:
        origin = typing.get_origin(type_)
        if origin in (list, dict, tuple):
            return f"{origin.__name__}[{', '.join(type_name(a) for a in arguments)}]"
        return " or ".join(f"`{a}`" if isinstance(a, str) else type_name(a) for a in arguments)
    return getattr(type_, "__name__", str(type_))


def limit(meta: object) -> str:
    """The bounds of an annotated type in words."""
    if not isinstance(meta, msgspec.Meta):
        return ""
    words = [
        f"{sign} {value}"
        for sign, value in (
            (">", meta.gt),
            ("≥", meta.ge),
            ("≤", meta.le),
            ("length ≥", meta.min_length),
            ("length ≤", meta.max_length),
            ("matches", f"`{meta.pattern}`" if meta.pattern else None),
        )
        if value is not None
    ]
    return f" ({', '.join(words)})" if words else ""


def default(field: msgspec.structs.FieldInfo) -> str:
    """The default of a field in words."""
    if field.required:
        return "required"
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    if isinstance(value, msgspec.Struct | training.TrainingOptions):
        return "all defaults"
    return "null" if value is None else f"`{msgspec.json.encode(value).decode()}`" if value != b"" else "empty"


def options_section() -> str:
    """Heading, docstring and table of the options of a training, made from their own table."""
    doc = re.sub(r"\s*\n\s*", "\n", (training.TrainingOptions.__doc__ or "").strip())
    hints = typing.get_type_hints(training.TrainingOptions)
    rows = [
        f"| {option.name} | {type_name(hints[option.name])} ({option_limit(option)}) "
        f"| {'null' if option.default is None else f'`{msgspec.json.encode(option.default).decode()}`'} "
        f"| {option.help_text} |"
        for option in training.OPTIONS
    ]
    table = ["| field | type | default | meaning |", "|---|---|---|---|", *rows]
    return "\n".join(["### TrainingOptions", "", doc, "", *table, ""])


def option_limit(option: options.Option) -> str:
    """The bounds of an option in words."""
    if isinstance(option.kind, options.Whole):
        return f"≥ {option.kind.lowest}, ≤ {option.kind.highest}"
    if isinstance(option.kind, options.Duration):
        return f"> 0, ≤ {options.LONGEST_BUDGET_S:.0f}"
    if isinstance(option.kind, options.Called):
        return option.kind.accepted
    known = (option.kind.words | option.kind.unlisted).values()
    return " or ".join(dict.fromkeys(msgspec.json.encode(value).decode() for value in known))


def struct_section(struct: type[msgspec.Struct], heading: str) -> str:
    """Heading, docstring and table of one body."""
    doc = re.sub(r"\s*\n\s*", "\n", (struct.__doc__ or "").strip())
    fields = msgspec.structs.fields(struct)
    hints = typing.get_type_hints(struct, include_extras=True)
    rows = [f"| {f.name} | {type_name(hints[f.name]).replace('|', '/')} | {default(f)} |" for f in fields]
    table = ["| field | type | default |", "|---|---|---|", *rows] if rows else ["No fields."]
    return "\n".join([f"### {heading}", "", doc, "", *table, ""])


def sections() -> dict[str, str]:
    """The text between each pair of markers."""
    replies = {reply.__name__: reply for _, reply in REQUESTS.values()}
    parts = [
        arrays.BufferSpec,
        session.Limits,
        corpora.CorpusFile,
        corpora.CorpusInfo,
        models.KnobFact,
        strand_messages.HistoryEntry,
        novelty.NoveltyMoment,
        sounds.SoundNovelty,
        strands.StrandMeta,
        strands.Source,
        edits.Edit,
        ranges.LevelRange,
        ranges.FrameRange,
        ranges.SampleRange,
        tempo.Tempo,
    ]
    limits = [
        ("protocol versions", f"{version.PROTOCOL_MIN} to {version.PROTOCOL_MAX}"),
        ("header", f"{frames.MAX_HEADER_BYTES} bytes"),
        ("body", f"{frames.MAX_BODY_BYTES} bytes"),
        ("buffers", f"{frames.MAX_BUFFERS}"),
        ("one buffer", f"{frames.MAX_BUFFER_BYTES} bytes"),
        ("one buffer of a chunk", f"{frames.MAX_CHUNK_BYTES} bytes"),
        ("id, cid", f"{frames.ID_BYTES} bytes"),
    ]
    spoken = [session.Hello, session.Welcome, playback.Credit, playback.Chunk, errors.ErrorBody, frames.Header]
    return {
        "limits": "\n".join(["| what | limit |", "|---|---|", *(f"| {a} | {b} |" for a, b in limits)]),
        "kinds": "\n".join(["| kind | byte |", "|---|---|", *(f"| {k.name} | {k.value} |" for k in frames.Kind)]),
        "session": "\n".join(struct_section(s, s.__name__) for s in spoken),
        "requests": "\n".join(
            struct_section(request, f"{name} → {reply.__name__}") for name, (request, reply) in REQUESTS.items()
        ),
        "replies": "\n".join(struct_section(s, s.__name__) for s in replies.values()),
        "parts": "\n".join(
            [*(struct_section(s, s.__name__) for s in parts if s.__name__ not in replies), options_section()]
        ),
        "events": "\n".join(struct_section(s, s.__name__) for s in EVENTS.values()),
        "errors": "\n".join(
            ["| code | meaning | retryable |", "|---|---|---|"]
            + [f"| {c} | {t} | {'yes' if c in errors.RETRYABLE else 'no'} |" for c, t in errors.CODES.items()]
        ),
        "operations": "\n".join(
            ["| operation | arguments | options | meaning | example |", "|---|---|---|---|---|"]
            + [
                f"| {s.name} | {' '.join(s.arguments)} | {'; '.join(f'{k}: {v}' for k, v in s.options.items())} "
                f"| {s.summary} | `{s.example}` |"
                for s in operations.OPS.values()
            ]
        ),
    }


def render(text: str) -> str:
    """The document with every marked part generated again."""
    for name, content in sections().items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{DOCUMENT.name} has no markers <!-- {name} --> … <!-- /{name} -->")
        text = pattern.sub(lambda match, content=content: f"{match[1]}\n{content}\n{match[2]}", text)
    return text


def main() -> int:
    """Write the document, or compare it with --check; returns 1 if it differs."""
    before = DOCUMENT.read_text(encoding="utf-8")
    after = render(before)
    if "--check" in sys.argv:
        if before != after:
            print(f"{DOCUMENT.name} differs from protocol/: run scripts/protocol_tables.py", file=sys.stderr)
        return int(before != after)
    DOCUMENT.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
