"""Pretrains as the recipe in the JSON file says that is named; one of the processes that `torchrun` starts.

A number after the name ends all of them before that step, as a crash would; after "stop" as well, the second one is
asked by a signal to stop there.
"""

import json
import os
import signal
import sys
from pathlib import Path

from loanword.pretrain import pretrain
from loanword.pretrain_config import PretrainRecipe
from loanword.training.processes import Gathered

if len(sys.argv) > 2:
    gather = Gathered.before_update

    def crash(self, state):
        """Go no further than this."""
        if state.step == int(sys.argv[2]) and "stop" not in sys.argv:
            sys.exit("a crash")
        if state.step == int(sys.argv[2]) and os.environ["RANK"] == "1":
            os.kill(os.getpid(), signal.SIGTERM)
        gather(self, state)

    Gathered.before_update = crash
pretrain(PretrainRecipe.model_validate(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
