"""Tables from action ids to keys. tui.keymap puts them together with a person's own changes."""
