"""Trained recurrent networks that other packages carry, read from the installed package, never imported or copied."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro.errors import UnsupportedError
from deepro.methods.sequences.trace import trace
from tests.reference.recurrent import unroll


def packaged(package: str, name: str) -> Path:
    try:
        found = [f for f in files(package) or () if f.name == name]
    except PackageNotFoundError:
        pytest.skip(f"{package} is not installed")
    if not found:
        pytest.skip(f"{package} carries no {name}")
    return Path(str(found[0].locate()))


class Graphemes(nn.Module):
    """g2p-en's network: a GRU reads the letters, a GRU cell writes the sounds, each from the last."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        super().__init__()
        t = {k: torch.from_numpy(v).double() for k, v in weights.items()}
        self.letters = nn.Embedding.from_pretrained(t["enc_emb"])
        self.sounds = nn.Embedding.from_pretrained(t["dec_emb"])
        units = t["enc_w_hh"].shape[1]
        self.encoder = nn.GRU(t["enc_w_ih"].shape[1], units, batch_first=True).double()
        self.decoder = nn.GRUCell(t["dec_w_ih"].shape[1], units).double()
        self.head = nn.Linear(units, len(t["fc_w"])).double()
        self.encoder.load_state_dict(
            {f"{w}_{n}_l0": t[f"enc_{w[0]}_{n}"] for w in ("weight", "bias") for n in ("ih", "hh")}
        )
        self.decoder.load_state_dict(
            {f"{w}_{n}": t[f"dec_{w[0]}_{n}"] for w in ("weight", "bias") for n in ("ih", "hh")}
        )
        self.head.load_state_dict({"weight": t["fc_w"], "bias": t["fc_b"]})

    def forward(self, letters: Tensor) -> Tensor:
        h = self.encoder(self.letters(letters))[1][0]
        sound, rows = torch.full((len(letters),), 2), []
        for _ in range(8):
            h = self.decoder(self.sounds(sound), h)
            rows.append(self.head(h))
            sound = rows[-1].argmax(1)
        return torch.stack(rows, 1)


def test_g2p_en() -> None:
    with np.load(packaged("g2p-en", "checkpoint20.npz")) as archive:
        weights = {k: archive[k] for k in archive.files}
    module = Graphemes(weights).eval()
    word = [3 + ord(c) - ord("a") for c in "python"] + [2]
    made = trace(deepro.load(module, input_shape=(7,)), word)
    assert made.layers == ("encoder", "decoder")
    assert max(made.checks.values()) < 1e-12
    with torch.no_grad():
        loop = unroll(module.encoder, module.letters(torch.tensor(word)))[0]
    for name in ("r", "z", "n"):
        assert np.abs(made.gates[name]["encoder"][:, 0] - loop[name].numpy()).max() < 1e-12
    assert made.h["decoder"].shape == (1, 1, 8, 256)
    # The decoder goes on from where the encoder stopped.
    first = module.decoder(module.sounds(torch.tensor([2])), torch.from_numpy(made.h["encoder"][0, :, -1]))
    assert np.abs(made.h["decoder"][0, 0, 0] - first[0].detach().numpy()).max() < 1e-12
    with torch.no_grad():
        rows = module.head(torch.from_numpy(made.h["decoder"][0, 0]))
    assert torch.allclose(rows, module(torch.tensor([word]))[0], atol=1e-12)


@pytest.mark.filterwarnings("ignore")
def test_silero_vad() -> None:
    path = packaged("silero-vad", "silero_vad.jit")
    scripted = torch.jit.load(str(path), map_location="cpu")
    with pytest.raises(UnsupportedError, match="scripted"):
        trace(deepro.load(scripted, input_shape=(512,)), torch.zeros(1, 512))
    state = scripted.state_dict()
    stem = next(k for k in state if k.endswith("rnn.weight_ih")).removesuffix("weight_ih")
    units, width = state[f"{stem}weight_hh"].shape[1], state[f"{stem}weight_ih"].shape[1]
    own = nn.LSTM(width, units, batch_first=True)
    own.load_state_dict({f"{k}_l0": state[stem + k] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})
    own.double()
    series = np.random.default_rng(0).normal(size=(12, width))
    made = trace(deepro.load(own, input_shape=(12, width)), series)
    with torch.no_grad():
        loop = unroll(own, torch.from_numpy(series))[0]
    for name, expected in loop.items():
        have = {"h": made.h, "c": made.c, **made.gates}[name]["lstm"]
        assert np.abs(have[:, 0] - expected.numpy()).max() < 1e-12
