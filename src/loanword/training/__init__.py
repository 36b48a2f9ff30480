"""Stage 7: the training loop."""
