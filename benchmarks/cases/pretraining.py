"""A run of `loanword pretrain` as rows want it: by the threads they were given, with no checkpoints, seldom asked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from loanword import config

if TYPE_CHECKING:
    from loanword.deploy.pretrained import Pretrained
    from loanword.progress import Progress


def pretrained(said: Mapping[str, Any], *, progress: Progress | None = None) -> Pretrained:
    """Pretrain by the recipe that is `said`; what it leaves out of training and evaluation is what rows want."""
    from loanword.pretrain import pretrain
    from loanword.pretrain_config import PretrainRecipe

    recipe = {
        **said,
        "training": {"checkpoint_minutes": 0.0, **said["training"]},
        "evaluation": {"points": 1, "rows": 1, **said.get("evaluation", {})},
        "hardware": {"threads": int(os.environ.get("OMP_NUM_THREADS", "0"))},
    }
    return pretrain(config.part(PretrainRecipe, recipe, where="benchmark"), progress=progress)
