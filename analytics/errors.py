"""The things that can end a step early, told apart by type."""


class BadInput(ValueError):
    """The input cannot be used. The message is one sentence for the person who gave it:
    what is wrong, where, and what to do."""


class NotNow(BadInput):
    """Nothing is wrong with the input, but what it asks for is not to be had now: a service does
    not answer, say. The same asked again later may be answered."""


class Cancelled(Exception):
    """Someone asked a long function to stop; raised by a progress callback."""


class StoreError(RuntimeError):
    """The data folder or database cannot be read or written. The message says which and why."""


class PartFailed(RuntimeError):
    """A part of a step, computed elsewhere, did not finish. The message is its sentence; ``kind``
    is that of :class:`analytics.jobs.job.Job`."""

    def __init__(self, kind: str, words: str):
        super().__init__(words)
        self.kind = kind
