"""New cells for edits, from codes and a codec's vectors. Pure: no files, no sockets; the engine calls it."""
