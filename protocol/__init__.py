"""What both sides agree on: messages, frames, arrays, errors, edits. Pure: no sockets, no files, no clock."""
