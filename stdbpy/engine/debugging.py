"""Whether somebody debugs this process, for whom time stands still while code is stopped."""

from __future__ import annotations

import sys
import threading


def is_debugged() -> bool:
    """Whether a debugger looks at the threads that run modules: all of them trace threads that begin, or from
    Python 3.12 on have registered as the process's debugger. Measuring coverage traces threads, too."""
    tracer = threading.gettrace()
    if tracer is not None and not getattr(tracer, "__module__", "").startswith("coverage"):
        return True
    if sys.version_info >= (3, 12):
        return sys.monitoring.get_tool(sys.monitoring.DEBUGGER_ID) is not None
    return False
