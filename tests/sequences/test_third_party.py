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
    vowels = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
    others = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
    sounds = [v + stress for v in vowels.split() for stress in "012"] + others.split()
    said = [("<pad>", "<unk>", "<s>", "</s>", *sorted(sounds))[int(k)] for k in rows.argmax(1)]
    assert said[:6] == ["P", "AY1", "TH", "AH0", "N", "</s>"]


class Voice(nn.Module):
    """silero-vad at 16 kHz: the spectrum of 512 samples and 64 before them, convolutions, an LSTM cell a chunk."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        super().__init__()
        self.basis = nn.Parameter(state["stft.forward_basis_buffer"])
        sizes = [(129, 128, 1), (128, 64, 2), (64, 64, 2), (64, 128, 1)]
        self.encoder = nn.ModuleList(nn.Conv1d(a, b, 3, stride, padding=1) for a, b, stride in sizes)
        self.rnn, self.head = nn.LSTMCell(128, 128), nn.Conv1d(128, 1, 1)
        for k, conv in enumerate(self.encoder):
            conv.load_state_dict({n: state[f"encoder.{k}.reparam_conv.{n}"] for n in ("weight", "bias")})
        self.rnn.load_state_dict({n: state[f"decoder.rnn.{n}"] for n in self.rnn.state_dict()})
        self.head.load_state_dict({n: state[f"decoder.decoder.2.{n}"] for n in ("weight", "bias")})

    def forward(self, sound: Tensor) -> Tensor:
        chunks = nn.functional.pad(sound, (64, 0)).unfold(1, 576, 512)
        states, rows = None, []
        for chunk in chunks.unbind(1):
            x = nn.functional.pad(chunk[:, None], (0, 64), mode="reflect")
            real, imaginary = nn.functional.conv1d(x, self.basis, stride=128).chunk(2, 1)
            x = (real**2 + imaginary**2).sqrt()
            for conv in self.encoder:
                x = conv(x).relu()
            states = self.rnn(x[..., 0], states)
            rows.append(self.head(states[0].relu()[..., None]).sigmoid()[..., 0])
        return torch.stack(rows, 1)


@pytest.mark.filterwarnings("ignore")
def test_silero_vad() -> None:
    path = packaged("silero-vad", "silero_vad.jit")
    scripted = torch.jit.load(str(path), map_location="cpu")
    with pytest.raises(UnsupportedError, match="scripted"):
        trace(deepro.load(scripted, input_shape=(512,)), torch.zeros(1, 512))
    inner = {k.removeprefix("_model."): v for k, v in scripted.state_dict().items() if k.startswith("_model.")}
    own = Voice(inner).eval()
    time = np.arange(20 * 512) / 16000
    buzz = sum(np.sin(2 * np.pi * 130 * k * time) / k for k in range(1, 20)) * (time > 0.2) * (1 + np.sin(9 * time))
    sound = deepro.Sound((0.1 * buzz).astype("f4"), 16000)
    made = trace(deepro.load(own), sound)
    with torch.no_grad():  # the package's own network, a chunk after the other
        chunks = torch.from_numpy(sound.samples).view(20, 1, 512)
        told = torch.cat([scripted(chunk, 16000) for chunk in chunks])
    assert made.outputs.shape == (1, 20, 1)
    assert np.abs(made.outputs[0] - told.numpy()).max() < 1e-5
    assert told.max() - told.min() > 0.1  # the network has something to say
    assert made.checks["rnn"] < 1e-6
    assert np.abs(made.h["rnn"][0, 0] - np.array(_states(own, sound))).max() < 1e-6
    layer = nn.LSTM(128, 128)
    layer.load_state_dict({f"{k}_l0": v for k, v in own.rnn.state_dict().items()})
    with torch.no_grad():
        loop = unroll(layer, torch.from_numpy(made.inputs["rnn"][0]))[0]
    for name, expected in loop.items():
        have = {"h": made.h, "c": made.c, **made.gates}[name]["rnn"]
        assert np.abs(have[:, 0] - expected.numpy()).max() < 1e-5


def _states(module: Voice, sound: deepro.Sound) -> list[np.ndarray]:
    """h of each call, by a hook."""
    seen: list[np.ndarray] = []
    handle = module.rnn.register_forward_hook(lambda m, args, out: seen.append(out[0][0].numpy()))
    with torch.no_grad():
        module(torch.from_numpy(sound.samples)[None])
    handle.remove()
    return seen
