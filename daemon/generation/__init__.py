"""New sound from a model's own material: engines, controls and novelty. Torch; no sockets, no protocol."""
