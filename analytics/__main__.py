"""``python -m analytics``."""

import os
import signal
import sys
import threading

from analytics.cli import STOPPED, main

GRACE = 3.0  # seconds after an interrupt, after which the process ends whatever it does


def _interrupted(number: int, frame) -> None:
    """Stop as usual, and surely: a library may swallow the interrupt, in an import for instance."""
    last = threading.Timer(GRACE, os._exit, (STOPPED,))
    last.daemon = True
    last.start()
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _interrupted)
    code = main()
    if code == STOPPED:
        # An interrupt that falls into a module being imported by C code leaves a mark in the
        # interpreter, which then ends by the signal whatever we return; this end is always 130.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
    sys.exit(code)
