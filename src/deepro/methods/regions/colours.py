"""Colours of object and background, as two Gaussian mixtures."""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Float
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from deepro.methods.regions.graph_cut import Colours, Mask

COMPONENTS = 5
PIXELS = 800  # enough to learn a mixture from; more is only slower
SPREAD = 4.0  # least variance of a component, in Lab units squared: the noise of a photograph


def likelihood_ratio(colours: Colours, inside: Mask, outside: Mask, seed: int) -> Float[np.ndarray, "H W"]:
    """Log of how much likelier each pixel's colour is among `inside` than among `outside`, in nats.

    0 everywhere where one of the two has too few pixels or colours to learn from.
    """
    flat = colours.reshape(-1, colours.shape[-1])
    models = [mixture(flat[mask.ravel()], seed) for mask in (inside, outside)]
    if None in models:
        return np.zeros(inside.shape)
    ours, others = (model.score_samples(flat) for model in models if model)
    return (ours - others).reshape(inside.shape)


def mixture(samples: np.ndarray, seed: int) -> GaussianMixture | None:
    """A mixture fitted to (samples, C), or None where there are too few."""
    if len(samples) > PIXELS:
        samples = samples[np.random.default_rng(seed).choice(len(samples), PIXELS, replace=False)]
    components = min(COMPONENTS, len(np.unique(samples, axis=0)), len(samples) // 10)
    if components < 1:
        return None
    model = GaussianMixture(components, reg_covar=SPREAD, max_iter=20, tol=1e-2, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a rough mixture is good enough
        return model.fit(samples)
