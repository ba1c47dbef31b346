"""The network: PointNet++ (Qi, Yi, Su & Guibas 2017) on the plane, and readings of its features.

Points (b, n, 2), centred and scaled, pass four set abstractions (farthest-point sampling, ball
query, shared layers, maximum) and four feature propagations (three nearest, inverse distance, skip
connection), so every point has features that know its neighbourhood at several scales. From them:

* ``embedding`` (b, n, e): the share of people who put two points into one group is the logistic of
  a bias minus the squared distance of their embeddings;
* ``links`` (b, m): the logit of that share for pairs of near points, given as edges (b, m, 2);
* ``agreement`` and ``left_out`` (b, n): logits of how far people agree about a point, and of the
  share who leave it in no group.

Only sets and distances enter, so the order of the points does not matter.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from models.clusternet.links import GEOMETRY


@dataclass(frozen=True)
class Shape:
    """Sizes of the network. shares : of the points kept as centres. reach : ball radii as multiples
    of the spacing sqrt(1 / n). widths : features after each abstraction."""

    shares: tuple[float, ...] = (0.5, 0.2, 0.07, 0.025)
    reach: tuple[float, ...] = (2.2, 4.5, 9.0, 18.0)
    ball: int = 16
    widths: tuple[int, ...] = (32, 64, 128, 192)
    point: int = 64
    embedding: int = 24


def gather(values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """values (b, n, c) at index (b, ...): (b, ..., c)."""
    flat = index.reshape(len(index), -1, 1).expand(-1, -1, values.shape[-1])
    return values.gather(1, flat).reshape(*index.shape, values.shape[-1])


def farthest(points: torch.Tensor, count: int) -> torch.Tensor:
    """Indices (b, count) of points (b, n, 2), each the farthest from those before it. The first is
    the one farthest from the middle, so that the choice does not depend on the order."""
    chosen = torch.empty(len(points), count, dtype=torch.long, device=points.device)
    x, y = points[..., 0].contiguous(), points[..., 1].contiguous()
    middle = points.mean(dim=1)
    gap = (x - middle[:, :1]).square() + (y - middle[:, 1:]).square()
    at = gap.argmax(dim=1, keepdim=True)
    gap = torch.full_like(gap, float("inf"))
    for i in range(count):
        chosen[:, i : i + 1] = at
        gap = torch.minimum(gap, (x - x.gather(1, at)).square() + (y - y.gather(1, at)).square())
        at = gap.argmax(dim=1, keepdim=True)
    return chosen


def distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Squared distances (.., n, m) of points a (.., n, 2) and b (.., m, 2), exact at 0."""
    across = a[..., 0].unsqueeze(-1) - b[..., 0].unsqueeze(-2)
    up = a[..., 1].unsqueeze(-1) - b[..., 1].unsqueeze(-2)
    return across.square_().add_(up.square_())


def ball_query(
    points: torch.Tensor, centres: torch.Tensor, radius: float, count: int
) -> torch.Tensor:
    """Indices (b, m, count) of the nearest points within ``radius`` of each centre; the nearest
    one again where there are fewer."""
    near = distances(centres, points).topk(min(count, points.shape[1]), largest=False)
    first = near.indices[..., :1]
    return torch.where(near.values <= radius**2, near.indices, first)


class _Layers(nn.Sequential):
    """Linear layers with layer normalisation, shared by all points."""

    def __init__(self, *widths: int):
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.LayerNorm(after), nn.GELU()]
        super().__init__(*layers)


class Abstraction(nn.Module):
    """One set abstraction: features (b, m, width) of centres from the points in a ball."""

    def __init__(self, features: int, width: int):
        super().__init__()
        self.layers = _Layers(features + 4, width, width)

    def forward(self, points, features, centres, index, radius):
        """index : (b, m, k) into points; features may be None."""
        offset = (gather(points, index) - centres.unsqueeze(2)) / radius
        length = offset.square().sum(-1, keepdim=True).add(1e-12).sqrt()
        parts = [offset, length, (length < 1e-6).to(length)]
        if features is not None:
            parts.append(gather(features, index))
        return self.layers(torch.cat(parts, dim=-1)).amax(dim=2)


class Propagation(nn.Module):
    """One feature propagation: from centres back to points, with the points' own features."""

    def __init__(self, coarse: int, fine: int, width: int):
        super().__init__()
        self.layers = _Layers(coarse + fine, width, width)

    def forward(self, points, own, centres, features):
        near = distances(points, centres).topk(min(3, centres.shape[1]), largest=False)
        weight = 1 / (near.values + 1e-8)
        weight = weight / weight.sum(dim=-1, keepdim=True)
        carried = (gather(features, near.indices) * weight.unsqueeze(-1)).sum(dim=2)
        return self.layers(torch.cat([carried, own], dim=-1))


class ClusterNet(nn.Module):
    """The network; see the module's text."""

    def __init__(self, shape: Shape | None = None):
        super().__init__()
        self.shape = shape = shape or Shape()
        widths = (shape.point // 2, *shape.widths)
        self.first = Abstraction(0, widths[0])
        self.down = nn.ModuleList(Abstraction(before, after) for before, after in pairwise(widths))
        self.whole = _Layers(widths[-1] + 2, widths[-1], widths[-1])
        ups, coarse = [], 2 * widths[-1]
        for fine in reversed(widths[:-1]):
            out = max(fine, shape.point)
            ups.append(Propagation(coarse, fine, out))
            coarse = out
        self.up = nn.ModuleList(ups)
        self.embed = nn.Sequential(_Layers(coarse, 64), nn.Linear(64, shape.embedding))
        self.bias = nn.Parameter(torch.tensor(2.0))
        self.point = nn.Sequential(_Layers(coarse, 32), nn.Linear(32, 2))
        self.link = nn.Sequential(_Layers(2 * coarse + GEOMETRY, 64, 32), nn.Linear(32, 1))

    def features(self, points: torch.Tensor) -> torch.Tensor:
        """Features (b, n, c) of points (b, n, 2)."""
        n = points.shape[1]
        spacing = n**-0.5
        index = ball_query(points, points, self.shape.reach[0] * spacing, self.shape.ball)
        radius = self.shape.reach[0] * spacing
        levels = [(points, self.first(points, None, points, index, radius))]
        order = farthest(points, max(1, round(self.shape.shares[0] * n)))
        for layer, share, reach in zip(self.down, self.shape.shares, self.shape.reach, strict=True):
            above, features = levels[-1]
            # The centres of a level are the first ones of the one before: one sampling serves all.
            count = max(1, round(share * n))
            centres = gather(points, order[:, :count])
            radius = reach * spacing * 1.3
            index = ball_query(above, centres, radius, self.shape.ball)
            levels.append((centres, layer(above, features, centres, index, radius)))
        centres, features = levels[-1]
        whole = self.whole(torch.cat([centres, features], dim=-1)).amax(dim=1, keepdim=True)
        features = torch.cat([features, whole.expand(-1, features.shape[1], -1)], dim=-1)
        for layer, (above, own) in zip(self.up, reversed(levels[:-1]), strict=True):
            features = layer(above, own, centres, features)
            centres = above
        return features

    def forward(
        self, points: torch.Tensor, edges: torch.Tensor, geometry: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """points (b, n, 2), from :func:`normalised`; edges (b, m, 2) pairs of near points;
        geometry (b, m, GEOMETRY), from ``links.geometry``."""
        features = self.features(points)
        point = self.point(features)
        return {
            "embedding": self.embed(features),
            "links": self._links(features, edges, geometry),
            "agreement": point[..., 0],
            "left_out": point[..., 1],
        }

    def _links(self, features, edges, geometry):
        a, b = (gather(features, edges[..., i]) for i in (0, 1))
        return self.link(torch.cat([a + b, (a - b).abs(), geometry], dim=-1)).squeeze(-1)

    def pair_logits(self, embedding: torch.Tensor) -> torch.Tensor:
        """Logits (b, n, n) of the share of people who put two points into one group."""
        return self.bias - torch.cdist(embedding, embedding).square()


def normalised(points: torch.Tensor) -> torch.Tensor:
    """Points (b, n, 2) centred on the middle of their extent, longer side 1."""
    low, high = points.amin(dim=1, keepdim=True), points.amax(dim=1, keepdim=True)
    side = (high - low).amax(dim=-1, keepdim=True).clamp_min(1e-12)
    return (points - (low + high) / 2) / side


def share_loss(logits: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of predicted against observed shares."""
    return functional.binary_cross_entropy_with_logits(logits, shares)
