"""Pure signal functions: arrays in, arrays out, without files or global state."""
