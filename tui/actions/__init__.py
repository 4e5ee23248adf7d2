"""What a person can do, by name: one registry, apart from the keys. Never reaches Textual."""
