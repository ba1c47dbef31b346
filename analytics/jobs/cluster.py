"""The way to a Dask cluster: its address, the connection, and the sentences about it."""

import logging
import re
import secrets
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from analytics.errors import BadInput, StoreError
from analytics.jobs import remote
from analytics.operations import Request
from analytics.store.artifacts import Artifacts
from analytics.store.files import write_atomic
from analytics.store.rows import uploads_of

_RESULT = re.compile(r"results/[0-9a-f]{2}/([0-9a-f]+)\.(json|npz|parquet)")
NOT_SHARED = {
    "say": "failed",
    "kind": "store",
    "error": "The step finished on the cluster but its result is not in the data folder: check "
    "that the workers see the same folder as the server, then run it again.",
}


def address(text: str) -> str:
    """The address of a scheduler as Dask takes it, from "dask://host:port" or, encrypted,
    "tls://host:port". Raises BadInput for another text, without repeating it, and without Dask."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = parts = None
    plain = bool(parts) and not (parts.path.strip("/") or parts.query or parts.username)
    if not plain or not host or not port or parts.scheme not in ("dask", "tls"):
        raise BadInput(
            "GESTALT_ENGINE takes the address of a Dask scheduler, such as dask://localhost:8786, "
            "encrypted tls://localhost:8786, or nothing for worker processes on this machine."
        )
    if find_spec("distributed") is None:
        raise BadInput(
            "GESTALT_ENGINE is set, but Dask is not installed: run "
            "'pip install -r requirements-cluster.txt', or leave GESTALT_ENGINE empty."
        )
    return f"{'tcp' if parts.scheme == 'dask' else 'tls'}://{parts.netloc}"


def check_certificates(where: str) -> None:
    """Raise BadInput for a tls:// address when Dask is not told the certificates of this side, or
    cannot read them."""
    if not where.startswith("tls:"):
        return
    from distributed.security import Security

    try:
        held = Security().get_connection_args("client")["ssl_context"] is not None
        why = "Dask has none here"
    except (OSError, ValueError) as error:  # an unreadable file, or one that is no certificate
        held, why = False, f"they cannot be read ({getattr(error, 'reason', '') or error})"
    if not held:
        raise BadInput(
            f"GESTALT_ENGINE is a tls:// address, which needs certificates, and {why}: set "
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, and …__CLIENT__CERT and …__CLIENT__KEY, to "
            "their files (docs/engine.md)."
        )


def connect(where: str, seconds: float):
    """A connection to a scheduler. Raises what Dask raises when nobody answers in time."""
    from distributed import Client

    # That a scheduler is lost is logged by the engine; Dask writes a page of its own insides.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    return Client(where, timeout=seconds, set_as_default=False, name="gestalt")


def mark(home: Path) -> str:
    """The content of the file by which a worker sees that it shares the data folder; made once.
    Raises StoreError."""
    path = home / remote.MARK
    try:
        if not path.exists():
            write_atomic(path, secrets.token_hex(16).encode())
        return path.read_text("utf-8")
    except OSError as error:
        raise StoreError(
            f"The data folder {home} cannot be written ({error.strerror or error}): set "
            "GESTALT_HOME to a folder that can be written."
        ) from None


def uploads(request: Request) -> list[str]:
    """The uploaded files that a request reads, by their path in the data folder."""
    return [f"uploads/{content}" for content in sorted(uploads_of(request.params))]


def adopt(files: Mapping[str, bytes], artifacts: Artifacts) -> None:
    """Store the results that came back as files. Raises StoreError when one is damaged, none of
    whose files then remains."""
    if not files:
        return
    try:
        artifacts.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=artifacts.folder.parent) as folder:
            came, digests = Artifacts(Path(folder) / "results"), []
            for name, content in files.items():
                if not (match := _RESULT.fullmatch(name)):
                    raise StoreError("The cluster sent a file that is no result: run it again.")
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                if match[2] == "json":
                    digests.append(match[1])
            for digest in digests:
                if not came.intact(digest):
                    raise StoreError("A result was damaged on its way here: run it again.")
                artifacts.adopt(came, digest)
    except OSError as error:
        raise StoreError(
            f"The result could not be written ({error.strerror or error}): free some space in "
            "the data folder, then run it again."
        ) from None


def differs(about: Mapping[str, str]) -> str:
    """What a worker has in another version than this server, in words; "" when nothing."""
    return ", ".join(
        f"{name} {about.get(name, 'missing')} instead of {own}"
        for name, own in remote.about().items()
        if about.get(name) != own
    )


def mismatch(worker: str, other: str) -> str:
    """The sentence for a worker with other versions."""
    return (
        f"The worker {worker} has {other}, which may give other results: install the same "
        "versions on the server and all workers, and restart them."
    )


def unreachable(where: str) -> str:
    """The sentence while no scheduler answers."""
    return (
        f"The Dask scheduler at {where} does not answer, so nothing can be computed: start it, or "
        "correct GESTALT_ENGINE and restart the server."
    )


def no_worker(where: str) -> str:
    """The sentence while a scheduler has no worker."""
    return f"The Dask scheduler at {where} has no worker: start one; what waits begins by itself."


def cut_off(where: str) -> str:
    """The sentence for a job that ran when the scheduler was lost."""
    return (
        f"The connection to the Dask scheduler at {where} was lost while this was computed: run it "
        "again when the scheduler is back."
    )


def worker_lost(worker: str) -> str:
    """The sentence for a job whose Dask worker is gone."""
    return (
        f"The worker {worker} of the cluster was lost while it computed this: run it again, with "
        "fewer rows if it happens again."
    )


def ending_of(error: Exception, where: str) -> dict[str, str]:
    """How a job ended that Dask could not run or bring to an end."""
    name = type(error).__name__
    if name == "KilledWorker":
        return {"say": "lost", "error": worker_lost(error.last_worker.address)}
    if "Cancelled" in name:
        return {"say": "lost", "error": cut_off(where)}
    if isinstance(error, ImportError) or isinstance(error.__cause__, ImportError):
        words = f"The cluster cannot load Gestalt ({error.__cause__ or error})"
    else:
        words = f"The cluster could not run this step ({name})"
    sentence = (
        f"{words}: start the scheduler and the workers in the program's folder and environment, as "
        "docs/engine.md says."
    )
    return {"say": "failed", "kind": "crash", "error": sentence}
