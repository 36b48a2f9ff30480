"""Stage 6: what a model is for."""
