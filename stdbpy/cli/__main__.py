"""``python -m stdbpy.cli``: the same program as the console script ``stdbpy``."""

import sys

from stdbpy.cli.main import main

sys.exit(main())
