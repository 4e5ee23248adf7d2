"""Analyse the containers of sound files: the sizes in their headers, compared with the bytes that are present."""
