"""``python -m analytics``."""

import os
import sys

from analytics.cli import STOPPED, main

if __name__ == "__main__":
    code = main()
    if code == STOPPED:
        # An interrupt that falls into a module being imported by C code leaves a mark in the
        # interpreter, which then ends by the signal whatever we return; this end is always 130.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
    sys.exit(code)
