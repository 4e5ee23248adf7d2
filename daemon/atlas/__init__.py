"""The atlas: the effect of each code of a model on the sound, measured on decoded audio and saved with the model."""
