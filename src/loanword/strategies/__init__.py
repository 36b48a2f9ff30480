"""Stage 9: how labels get from one language to another."""
