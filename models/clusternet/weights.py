"""Weights on disk: safetensors, with the SHA-256 beside it that is checked at load."""

import hashlib
from pathlib import Path

SHIPPED = Path(__file__).with_name("clusternet.safetensors")


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def save_weights(net, path: Path) -> str:
    """Write the weights and ``NAME.sha256``; returns the digest."""
    from safetensors.torch import save_file

    save_file({k: v.contiguous().cpu() for k, v in net.state_dict().items()}, path)
    digest = digest_of(path)
    path.with_suffix(".sha256").write_text(digest + "\n", "utf-8")
    return digest


def load_weights(path: Path = SHIPPED) -> dict:
    """The state of the network. Raises RuntimeError when the file is not the one that was saved."""
    from safetensors.torch import load

    content = path.read_bytes()
    wanted = path.with_suffix(".sha256").read_text("utf-8").strip()
    if hashlib.sha256(content).hexdigest() != wanted:
        raise RuntimeError(f"{path.name} is damaged: its checksum differs. Install Gestalt again.")
    return load(content)
