"""What each code of a model does to the sound: measured on decoded audio, kept in the model's folder."""
