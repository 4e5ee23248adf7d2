"""What the containers of sound files say about themselves, compared with the bytes that are there."""
