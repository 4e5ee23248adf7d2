"""Code that the daemon and its clients share: messages, frames, arrays, errors and edits. It opens no sockets."""
