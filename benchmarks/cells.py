"""What `find_cells` says of networks that learned nothing, of planted cells, and of one network over many seeds.

    python benchmarks/cells.py [--networks 20] [--seeds 20] [--only random planted seeds]

random: untrained GRUs and LSTMs on 16 tracks of source code; the share of verdicts "survives", at most 1 % wanted.
planted: cells wired by hand (inside quotes, inside a comment) among 8 to 64 others of random weights, which a
head reads; how often the planted one is first and survives.
seeds: character networks trained here for half a minute; verdicts of each track over seeds. Two seeds contradict each
other where one says "survives" and the other "fails"; at most one seed in 20 may contradict the rest.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import deepro
from deepro.demos.code import corpus
from deepro.network.sources.code_lstm import VOCABULARY

KIND = {"gru": nn.GRU, "lstm": nn.LSTM}


class Characters(nn.Module):
    """(N, T) characters -> (N, T, K)."""

    def __init__(self, kind: str, units: int) -> None:
        super().__init__()
        count = len(VOCABULARY.tokens)
        self.embedding, self.rnn = nn.Embedding(count, 24), KIND[kind](24, units, batch_first=True)
        self.head = nn.Linear(units, count)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.rnn(self.embedding(tokens))[0])


class Switch(nn.Module):
    """An LSTM of random weights in which cell 0 is + from a character of `on` until one of `off`, - elsewhere; where
    both are the same it turns round at each. The head reads it: `off` is more probable while it is on."""

    def __init__(self, units: int, on: str, off: str, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        count = len(VOCABULARY.tokens)
        self.embedding, self.rnn = nn.Embedding(count, count), nn.LSTM(count, units, batch_first=True)
        self.head = nn.Linear(units, count)
        gate = dict(zip("ifgo", range(0, 4 * units, units), strict=True))
        at = {c: VOCABULARY.tokens.index(c) for c in on + off}
        with torch.no_grad():
            self.embedding.weight.copy_(torch.eye(count))
            for row in gate.values():
                for p in self.rnn.parameters():
                    p[row] = 0
            w, u = self.rnn.weight_ih_l0, self.rnn.weight_hh_l0
            b = self.rnn.bias_ih_l0
            b[gate["i"]], b[gate["f"]], b[gate["o"]] = -12, 12, 12
            for c in at.values():
                w[gate["i"], c], w[gate["f"], c] = 24, -24
            if on == off:
                u[gate["g"], 0], b[gate["g"]] = -20, 2
            else:
                w[gate["g"], at[on]], w[gate["g"], at[off]] = 6, -6
            self.head.weight *= 0.2
            self.head.weight[:, 0] = 0
            self.head.weight[at[off], 0] = 6

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.rnn(self.embedding(tokens))[0])


def network(module: nn.Module) -> deepro.Network:
    return deepro.load(module, preprocess=VOCABULARY, labels=list(VOCABULARY.tokens), input_shape=(8,))


def texts(count: int, steps: int, seed: int) -> list[str]:
    long = [t for t in corpus()[1].values() if len(t) > 2 * steps]
    generator = np.random.default_rng(seed)
    chosen = generator.choice(len(long), count, replace=count > len(long))
    starts = [int(generator.integers(0, len(long[k]) - steps)) for k in chosen]
    # From a line's start, so that it is known what is a comment.
    starts = [long[k].rfind("\n", 0, s) + 1 for k, s in zip(chosen, starts, strict=True)]
    return [long[k][s : s + steps] for k, s in zip(chosen, starts, strict=True)]


def trained(kind: str, units: int, seed: int, batches: int) -> deepro.Network:
    torch.manual_seed(seed)
    module = Characters(kind, units)
    numbers = VOCABULARY.encode("".join(list(corpus()[0].values())[::7]))
    optimiser = torch.optim.Adam(module.parameters(), 4e-3)
    for _ in range(batches):
        starts = torch.randint(0, len(numbers) - 101, (32,))
        x = torch.stack([numbers[s : s + 101] for s in starts])
        loss = nn.functional.cross_entropy(module(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1)
        optimiser.step()
    print(f"{kind} {units}: {loss.item():.2f} nats a character")
    return network(module)


def best(made: Any) -> dict[str, Any]:
    return {t: made.best(t) for t in made.tracks if any(f["track"] == t for f in made.findings)}


def told(found: dict[str, Any]) -> str:
    control = " ".join(f"{found[k]:.2f}" for k in ("control_low", "control", "control_high"))
    held = found["clamp"]
    beaten = f"beaten {held['beaten_low']:.2f} {held['beaten']:.2f} {held['beaten_high']:.2f}" if held else ""
    return (
        f"{found['state']} {found['unit']} {found['low']:.2f} {found['held_out']:.2f} {found['high']:.2f} "
        f"random {control} p {found['p']:.2f} {beaten} {found['verdict']} {found['why']}"
    )


def random(networks: int) -> None:
    verdicts: Counter[str] = Counter()
    for number in range(networks):
        torch.manual_seed(100 + number)
        net = network(Characters("gru" if number % 2 else "lstm", (16, 32, 64)[number % 3]))
        for track, found in best(deepro.find_cells(net, texts(12, 500, number), seed=number)).items():
            verdicts[found["verdict"]] += 1
            if found["survives"]:
                print(f"  network {number} {track}: {told(found)}")
    total = sum(verdicts.values())
    alive = sum(n for v, n in verdicts.items() if v.startswith("survives"))
    print(f"random: {alive} of {total} survive ({alive / total:.1%}, at most 1 %)  {dict(verdicts)}", flush=True)


def planted(networks: int) -> None:
    first = alive = total = 0
    for number in range(networks):
        on, off, track = (("#", "\n", "hash"), ('"', '"', "quoted"))[number % 2]
        net = network(Switch((8, 16, 32, 64)[number % 4], on, off, number))
        read = [t for t in texts(40, 400, number) if on in t][:12]
        made = deepro.find_cells(net, read, {track: [_switched(t, on, off) for t in read]}, seed=number)
        found = made.best(track)
        total, first, alive = total + 1, first + (found["unit"] == 0), alive + found["survives"]
        if found["unit"] or not found["survives"]:
            print(f"  {number} {track}: {told(found)}")
    print(f"planted: first in {first}, surviving in {alive} of {total}", flush=True)


def _switched(text: str, on: str, off: str) -> np.ndarray:
    now, made = False, []
    for c in text:
        now = (not now if c == on else now) if on == off else (c == on or (now and c != off))
        made.append(now)
    return np.array(made)


def seeds(count: int, kinds: Sequence[tuple[str, int]] = (("gru", 64), ("lstm", 64))) -> None:
    for kind, units in kinds:
        net, read = trained(kind, units, 0, 1500), texts(16, 600, 7)
        verdicts: dict[str, Counter[str]] = {}
        for seed in range(count):
            for track, found in best(deepro.find_cells(net, read, seed=seed)).items():
                verdicts.setdefault(track, Counter())[found["verdict"].partition(",")[0]] += 1
                if seed == 0:
                    print(f"  {track}: {told(found)}")
        contradicted = {t: min(v["survives"], v["fails"]) for t, v in verdicts.items()}
        print(json.dumps(verdicts))
        agree = sum(n <= count / 20 for n in contradicted.values())
        same = sum(max(v.values()) >= 0.95 * count for v in verdicts.values())
        print(
            f"seeds, {kind} {units}: {agree} of {len(verdicts)} tracks agree; the same in 19 of 20: {same}",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--networks", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=["random", "planted", "seeds"])
    given = parser.parse_args()
    for name in given.only:
        {"random": random, "planted": planted, "seeds": seeds}[name](given.seeds if name == "seeds" else given.networks)
