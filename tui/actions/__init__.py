"""The actions of the TUI by name, in one registry and independent of keys. Never imports Textual."""
