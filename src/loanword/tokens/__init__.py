"""Stage 2: text becomes pieces."""
