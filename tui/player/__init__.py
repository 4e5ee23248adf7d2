"""The player: a process of its own that plays what the broker streams. Child of the client, never part of it.

    python -m tui.player --aud ipc://…/aud.sock --client-id HEX [--device auto|NAME|none|paced|wav:FILE] [--log FILE]

Why a process: a callback has 10 ms, a thread beside a UI misses that by up to 190 ms, and audio libraries write to
the terminal that the TUI draws on. `child.PlayerChild` starts one and keeps it alive; `probe` asks what could play.

Data flow: aud socket (`link`) -> ring (`ring`) -> device callback (`voice`) -> loudspeaker (`devices`, `paced`).
What the callback has used up becomes credits for the broker, so the sound card is the clock.

Control and status are JSON lines (`lines`), and nothing else is on stdin and stdout:

    stdin   {"do":"stop"}   silence within 30 ms; what this playback still sends is swallowed (panic)
            {"do":"quit"}   the same as closing stdin
    stdout  {"event":"device", …}   once: what plays, or "none" with the reason and what to do
            {"event":"status", …}   at most 20 a second while playing, otherwise when something changes
            {"event":"ended", …}    a playback is over, and why

stderr goes to the log file. The process ends when stdin closes or its parent is gone.
"""
