"""What a person touches: the terminal editor, the command line and the player."""
