"""Stage 3: pieces become batches."""
