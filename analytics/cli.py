"""The command line: ``python -m analytics VERB …``. Its options are in ``analytics.options``, and
what the verbs do in ``analytics.verbs``.

Every verb takes ``--json`` (one JSON object on standard output; progress goes to standard error)
and ends with 0, with 2 for bad input (one line that says what is wrong and what to do), or with 1
when the fault is ours.
"""

import os
import sys
import tempfile
import traceback
from typing import TextIO

from analytics import progress
from analytics.data.naming import printable
from analytics.errors import BadInput, PartFailed, StoreError
from analytics.options import parser
from analytics.readable import readable, to_json

OK, OUR_FAULT, BAD_INPUT, STOPPED = 0, 1, 2, 130
DEBUG = "GESTALT_DEBUG"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    try:
        options = parser().parse_args(arguments)
        options.progress = progress.lines(sys.stderr)
        answer = options.run(options)
        _print(to_json(answer) if options.json else readable(answer), sys.stdout)
        return OK
    except (BadInput, StoreError, PartFailed) as error:
        return _fail(str(error), BAD_INPUT, as_json)
    except MemoryError:
        words = "There is not enough memory for this: use fewer rows, for example --sample 10000."
        return _fail(words, BAD_INPUT, as_json)
    except BrokenPipeError:
        # The reader (head, less) has left. Nothing more can be said, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return STOPPED
    except Exception:
        return _fail(_log_fault(traceback.format_exc()), OUR_FAULT, as_json)


def _print(text: str, stream: TextIO) -> None:
    """Print, whatever the stream can encode."""
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def _fail(words: str, code: int, as_json: bool) -> int:
    words = printable(words)
    _print(words, sys.stderr)
    if as_json:
        _print(to_json({"error": words}), sys.stdout)
    return code


def _log_fault(details: str) -> str:
    """Keep a traceback where only this user can read it; the sentence that says where."""
    if os.environ.get(DEBUG):
        _print(details, sys.stderr)
    try:
        handle, path = tempfile.mkstemp(prefix="gestalt-error-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(details)
    except OSError:
        return f"A fault of ours stopped this: set {DEBUG}=1 and run it again for the details."
    return f"A fault of ours stopped this: please report it with the details in {path}."
