"""What a training is made of that needs no torch: specification, folder, reports, clock and split."""
