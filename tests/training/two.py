"""Pretrains as the recipe in the JSON file says that is named; one of the processes that `torchrun` starts."""

import json
import sys
from pathlib import Path

from loanword.pretrain import pretrain
from loanword.pretrain_config import PretrainRecipe

pretrain(PretrainRecipe.model_validate(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
