"""The stock recipe's best settings on the design sets; how they were found is in docs/log.md."""

from __future__ import annotations

from benchmarks.peers.trainer_classification import Settings

STOCK = Settings(learning_rate=2e-4, batch_size=16, epochs=10.0, bf16=True, warmup=0.1, grouped=True)
STOCK_MEAN = Settings(learning_rate=2e-4, batch_size=16, epochs=10.0, bf16=True, warmup=0.1, grouped=True, mean=True)
