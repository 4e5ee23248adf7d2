"""Train codecs from corpora, in a loop that can be watched, stopped, resumed and tested."""
