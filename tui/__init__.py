"""The user's side of Allele: the terminal editor, the command line and the player."""
