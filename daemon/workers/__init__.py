"""The child processes of the broker, and what they do. The only code that imports torch at run time."""
