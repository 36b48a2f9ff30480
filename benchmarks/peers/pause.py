"""Training that stops in time, to go on in the next process: a slow recipe must not make a row of ten minutes."""

from __future__ import annotations

import time

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class Pause(TrainerCallback):
    """Saves and stops after some seconds, if there are steps to do."""

    def __init__(self, *, after: float) -> None:
        self.until = time.monotonic() + after

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> TrainerControl:
        """Called by the Trainer after each step."""
        if time.monotonic() > self.until and state.global_step < state.max_steps:
            control.should_save = control.should_training_stop = True
        return control
