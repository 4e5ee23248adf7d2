"""Tables from action ids to keys. `tui.input.keymap` combines them with the user's own changes."""
