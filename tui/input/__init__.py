"""Keys to actions: keymaps, the user's key file, the key reader and macros. Never reaches Textual."""
