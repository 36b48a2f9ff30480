"""Stage 5: what training minimises."""
