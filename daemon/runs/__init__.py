"""The parts of a training that need no torch: specification, folder, reports, clock and split."""
