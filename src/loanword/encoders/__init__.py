"""Stage 4: batches become vectors."""
