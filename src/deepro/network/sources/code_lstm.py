"""The embedded recurrent network: a character LSTM that has read the Python standard library.

scripts/train_code_lstm.py makes its weights; their header says how well it reads files it has not seen.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from deepro.errors import WeightsError
from deepro.network.sources import Found, Wish
from deepro.network.vocabulary import Vocabulary

NAME = "code-lstm"
WEIGHTS = Path(__file__).with_suffix(".safetensors")
VOCABULARY = Vocabulary(("\n", *map(chr, range(32, 127))))


class CodeLSTM(nn.Module):
    """tokens (N, T) int64 -> logits (N, T, K) of the next character."""

    def __init__(self, characters: int = len(VOCABULARY), embedding: int = 64, units: int = 256) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, embedding)
        self.lstm = nn.LSTM(embedding, units, batch_first=True)
        self.head = nn.Linear(units, characters)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.lstm(self.embedding(tokens))[0])


def find(wish: Wish) -> Found:
    """The network; with weights="random" as it was before it had read anything.

    Raises WeightsError for a damaged file.
    """
    with torch.random.fork_rng([]):
        torch.manual_seed(wish.seed)
        module = CodeLSTM().eval()
    notes: tuple[str, ...] = ()
    if wish.weights == "random":
        from deepro.network.sources import RANDOM

        notes = (RANDOM,)
    elif not wish.own_weights:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(str(WEIGHTS), framework="pt") as file:
                about = file.metadata() or {}
                module.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118
        except (OSError, SafetensorError, RuntimeError) as error:
            raise WeightsError(f"the embedded {NAME} cannot be read: {error}; install Deepro again") from error
        if "held_out_nats" in about:
            notes = (
                f"{about['held_out_nats']} nats a character on files it never read; "
                f"a 5-gram model of the same files has {about['five_gram_nats']}",
            )
    return Found(module, NAME, VOCABULARY, [repr(t)[1:-1] for t in VOCABULARY.tokens], notes)
