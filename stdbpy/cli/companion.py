"""``python -m stdbpy.cli.companion``: the program beside another one, which it does not outlive.

The other one holds the other end of its stdin. Should it be killed the system closes that, and this ends as at Ctrl-C.
"""

import os
import signal
import sys
from threading import Thread

from stdbpy.cli.main import main


def _end_with_the_other() -> None:
    # Not through `sys.stdin`, of which Python cannot let go at its end while a thread reads.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


Thread(target=_end_with_the_other, daemon=True).start()
sys.exit(main())
