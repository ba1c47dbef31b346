"""A queue that is fair between owners: who used least is next, each one's jobs stay in order."""

from collections import OrderedDict
from collections.abc import Callable, Iterator


class Turns:
    """Waiting digests by owner. Not thread-safe; the runner's lock guards it."""

    def __init__(self):
        self._queues: OrderedDict[str, list[str]] = OrderedDict()

    def __iter__(self) -> Iterator[str]:
        return (digest for queue in self._queues.values() for digest in queue)

    def waiting(self, owner: str) -> int:
        """How many digests of one owner wait."""
        return len(self._queues.get(owner, ()))

    def add(self, owner: str, digest: str, first: bool = False) -> None:
        """Put a digest at the end of its owner's queue, or in front."""
        queue = self._queues.setdefault(owner, [])
        queue.insert(0 if first else len(queue), digest)

    def remove(self, digest: str) -> None:
        """Take a digest out, wherever it is."""
        for owner, queue in list(self._queues.items()):
            if digest in queue:
                queue.remove(digest)
                if not queue:
                    del self._queues[owner]

    def take(
        self, ready: Callable[[str], bool], used: Callable[[str], float] = lambda owner: 0.0
    ) -> str | None:
        """Remove and return the first ready digest of the owner that has used least, of several
        such owners of the one served longest ago.

        The owner then goes to the end of the line; an owner with nothing ready keeps its place.
        """
        for owner in sorted(self._queues, key=used):
            for digest in self._queues[owner]:
                if ready(digest):
                    self.remove(digest)
                    if owner in self._queues:
                        self._queues.move_to_end(owner)
                    return digest
        return None

    def order(
        self, used: Callable[[str], float], seconds: Callable[[str], float]
    ) -> list[tuple[str, float]]:
        """All digests in the order in which they would be taken if nothing were added, with the
        seconds that each takes."""
        copy, line = Turns(), []
        copy._queues = OrderedDict((owner, list(queue)) for owner, queue in self._queues.items())
        had = {owner: used(owner) for owner in copy._queues}
        of = {digest: owner for owner, queue in copy._queues.items() for digest in queue}
        while digest := copy.take(lambda d: True, had.__getitem__):
            line.append((digest, seconds(digest)))
            had[of[digest]] += line[-1][1]
        return line
