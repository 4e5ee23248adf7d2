"""The codec: audio in, a grid of discrete codes out, and back. torch and numpy, nothing else."""
