"""Write sounds to audio files on disk."""
