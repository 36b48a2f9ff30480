"""Stage 10: what leaves the machine, a bundle that is also a Hugging Face repository."""
