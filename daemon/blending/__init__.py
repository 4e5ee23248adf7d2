"""Computes new cells for edits from codes and a codec's vectors. The engine calls it; it uses no files or sockets."""
