"""What lasts: the catalogue, the strands with their edit journal, the trash. SQLite and folders."""
