"""The Generate screen, composed of parts: controls, making, hearing, sending on, and presets."""
