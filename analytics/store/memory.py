"""The last results used, kept in memory."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

import numpy as np

from analytics.results import Record
from analytics.store.records import pack


class Memory:
    """The last results used, by digest (thread-safe).

    most, most_bytes : it holds at most so many results and about so many bytes of arrays and frames
        (the last result used is always held). What somebody still holds beyond that, a map on
        screen for one, is found without being read again.
    """

    def __init__(self, most: int, most_bytes: int):
        self._most = (most, most_bytes)
        self._last: OrderedDict[str, tuple[Record, int]] = OrderedDict()
        self._alive: WeakValueDictionary[str, Record] = WeakValueDictionary()
        self._lock = threading.Lock()
        self._run = threading.local()

    def get(self, digest: str) -> Record | None:
        """The result, when it is held here or by somebody else."""
        with self._lock:
            if digest not in self._last:
                return self._alive.get(digest)
            self._last.move_to_end(digest)
            return self._last[digest][0]

    def put(self, record: Record) -> None:
        """Hold a result, as the one used last, instead of those used longest ago."""
        most, most_bytes = self._most
        with self._lock:
            self._alive[record.digest] = record
            self._last[record.digest] = (record, _bytes_of(record))
            self._last.move_to_end(record.digest)
            held = sum(size for _, size in self._last.values())
            while len(self._last) > 1 and (len(self._last) > most or held > most_bytes):
                _, (_, size) = self._last.popitem(last=False)
                held -= size

    def remove(self, digest: str) -> None:
        """Hold a result no more, and do not find it when somebody else does."""
        with self._lock:
            self._last.pop(digest, None)
            self._alive.pop(digest, None)

    def forget(self) -> None:
        """Hold no result any more."""
        with self._lock:
            self._last.clear()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """What this thread gives to :meth:`hold` inside stays in memory until its end: one run of a
        page asks for the same results several times, and a few of ten million rows are more than
        the memory holds, so each would push out the next one asked for."""
        self._run.held = {}
        try:
            yield
        finally:
            self._run.held = None

    def hold(self, record: Record) -> None:
        """Hold a result until the end of :meth:`holding`, if this thread is inside."""
        held = getattr(self._run, "held", None)
        if held is not None:
            held[record.digest] = record


def _bytes_of(record: Record) -> int:
    """Bytes that a record's arrays and frame hold."""
    _, arrays, frame = pack(record)
    total = sum(array.nbytes for array in arrays.values())
    if frame is None:
        return total
    # ``DataFrame.memory_usage`` looks at each column, which takes a second for 10,000 of them.
    plain = frame.dtypes.map(lambda t: t.itemsize if isinstance(t, np.dtype) else 0).to_numpy()
    others = frame.loc[:, plain == 0].memory_usage(deep=False).sum()
    return total + len(frame) * int(plain.sum()) + int(others)
