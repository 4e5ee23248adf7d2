"""Pure signal functions: arrays in, arrays out, no files and no state kept between calls."""
