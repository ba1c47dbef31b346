"""Regressors from the features of a pair to the share of people who see one cluster.

Each is a function ``fit(features (m, d), shares (m,)) -> predict``, and ``predict(features)`` gives
shares. The first is the one that is shipped, ``models/clams/CARD.md`` says why.
"""

from collections.abc import Callable

import numpy as np

from analytics.perception.features import NAMES
from analytics.perception.separability import evaluate

Predict = Callable[[np.ndarray], np.ndarray]

PENALTY = 10.0  # of the squared coefficients of standardised features
PEOPLE = 600  # people behind a simulated share; shares of 0 and 1 are read as half a person away


def logit(share: np.ndarray, people: int = PEOPLE) -> np.ndarray:
    """ln(share / (1 - share)), half a person away from nobody and from everybody."""
    seen = np.asarray(share, float) * people
    return np.log((seen + 0.5) / (people - seen + 0.5))


def logistic(value: np.ndarray) -> np.ndarray:
    """The inverse of the logit."""
    return 1 / (1 + np.exp(-np.clip(value, -700, 700)))


def fit_linear(X: np.ndarray, shares: np.ndarray, people: int = PEOPLE) -> dict:
    """Ridge regression of the logit on standardised features, as the plain numbers to store."""
    low, high = X.min(axis=0), X.max(axis=0)
    mean, scale = X.mean(axis=0), np.maximum(X.std(axis=0), 1e-9)
    Z, y = (X - mean) / scale, logit(shares, people)
    weights = np.linalg.solve(Z.T @ Z + PENALTY * np.eye(X.shape[1]), Z.T @ (y - y.mean()))
    model = {"low": low, "high": high, "mean": mean, "scale": scale, "coefficients": weights}
    return {**{k: v.tolist() for k, v in model.items()}, "intercept": float(y.mean())}


def _linear(*names: str):
    columns = [NAMES.index(name) for name in names or NAMES]

    def fit(X: np.ndarray, shares: np.ndarray) -> Predict:
        model = fit_linear(X[:, columns], shares)
        return lambda Z: evaluate(model, Z[:, columns])

    return fit


def _sklearn(make: Callable):
    """A scikit-learn regressor of the logit, on features inside the range it was fitted on."""

    def fit(X: np.ndarray, shares: np.ndarray) -> Predict:
        low, high = X.min(axis=0), X.max(axis=0)
        model = make().fit(X, logit(shares))
        return lambda Z: logistic(model.predict(np.clip(Z, low, high)))

    return fit


def _scaled(last: Callable, *before):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), *(step() for step in before), last())


def _quadratic():
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import PolynomialFeatures

    return _scaled(lambda: Ridge(PENALTY), lambda: PolynomialFeatures(2, include_bias=False))


def _additive():
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import SplineTransformer

    return _scaled(lambda: Ridge(PENALTY), lambda: SplineTransformer(5, extrapolation="linear"))


def _network():
    from sklearn.neural_network import MLPRegressor

    return _scaled(
        lambda: MLPRegressor(
            hidden_layer_sizes=(16,), activation="tanh", alpha=1.0, max_iter=800, random_state=0
        )
    )


def _forest():
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(200, min_samples_leaf=5, random_state=0)


def _boosting():
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(max_depth=4, max_iter=200, random_state=0)


REGRESSORS = {
    "logit, linear in all features": _linear(),
    "logit, linear in DEMP": _linear("log_demp"),
    "logit, linear in the valley": _linear("log_valley"),
    "logit, linear in DEMP and the valley": _linear("log_demp", "log_valley"),
    "logit, linear in the features of the paper": _linear(*NAMES[:-2]),
    "logit, quadratic in all features": _sklearn(_quadratic),
    "logit, additive splines": _sklearn(_additive),
    "neural network, 16 units": _sklearn(_network),
    "random forest": _sklearn(_forest),
    "gradient boosting": _sklearn(_boosting),
}


def cross_validated(fit, X: np.ndarray, shares: np.ndarray, folds: int = 5) -> dict[str, float]:
    """Root mean square error and explained variance of shares predicted out of fold."""
    fold = np.random.default_rng(0).permutation(len(X)) % folds
    predicted = np.empty(len(X))
    for f in range(folds):
        predicted[fold == f] = fit(X[fold != f], shares[fold != f])(X[fold == f])
    error = predicted - shares
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "r2": float(1 - np.mean(error**2) / max(np.var(shares), 1e-12)),
    }
