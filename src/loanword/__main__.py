"""``python -m loanword``."""

from __future__ import annotations

from loanword.cli.main import main

if __name__ == "__main__":
    main()
