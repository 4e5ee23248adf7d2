"""The player: a child process of the client that plays what the broker streams.

    python -m tui.player --aud ipc://…/aud.sock --client-id HEX [--device auto|NAME|none|paced|wav:FILE] [--log FILE]

Why a process: a callback has 10 ms, which a thread in a UI process can miss, and audio libraries write to the terminal
that the TUI draws on. `child.PlayerChild` starts a player and restarts it; `probe` finds the devices that can play.

Data flow: aud socket (`link`) -> ring (`ring`) -> device callback (`voice`) -> loudspeaker (`devices`, `paced`).
Samples that the callback has used become credits for the broker, so the sound card is the clock.

Control and status are JSON lines (`lines`), and stdin and stdout carry nothing else:

    stdin   {"do":"stop"}   silence within 30 ms; further chunks of this playback are dropped (panic)
            {"do":"quit"}   the same as closing stdin
    stdout  {"event":"device", …}   once: the device, or "none" with the reason and a hint
            {"event":"status", …}   at most 20 a second while playing, otherwise when something changes
            {"event":"ended", …}    a playback ended, and why

stderr goes to the log file. The process ends when stdin closes or its parent is gone.
"""
