"""From a corpus to a codec, in a loop that can be watched, stopped, resumed and tested."""
