"""Persistent data in SQLite and folders: the catalogue, strands with their edit journal, and the trash."""
