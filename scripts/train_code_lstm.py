"""Train the embedded character LSTM on the standard library's source and write its weights.

    python scripts/train_code_lstm.py --steps 1800 --out src/deepro/network/sources/code_lstm.safetensors

Reproducible on one machine: the file list is sorted, the seed fixed, one thread. The shipped weights' header says with
which Python and torch they were made. `--state` keeps a checkpoint from which an interrupted training goes on.
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from deepro.demos.code import corpus
from deepro.methods.sequences.ngram import NGram
from deepro.network.sources.code_lstm import VOCABULARY, CodeLSTM

SEED, STREAMS, WINDOW, RATE, DECAY = 0, 64, 128, 4e-3, 0.2


def rate(step: int, steps: int) -> float:
    """Warm-up, plateau, then linear decay over the last part. A longer training shares the plateau."""
    start = int(steps * (1 - DECAY))
    return RATE * min(1.0, (step + 1) / 100, max(0.02, (steps - step) / (steps - start)))


def windows(texts: list[Tensor], generator: torch.Generator):
    """Windows (STREAMS, WINDOW + 1) without end: the files in a new order each epoch, laid in parallel streams."""
    while True:
        order = torch.randperm(len(texts), generator=generator)
        text = torch.cat([texts[i] for i in order])
        length = (len(text) - 1) // STREAMS
        rows = torch.stack([text[i * length : (i + 1) * length + 1] for i in range(STREAMS)])
        for start in range(0, length - WINDOW + 1, WINDOW):
            yield rows[:, start : start + WINDOW + 1]


@torch.no_grad()
def held_out_loss(module: CodeLSTM, texts: list[Tensor]) -> float:
    """Nats a character over whole files, each from the zero state; the first character of a file is not counted."""
    total = count = 0.0
    for text in texts:
        logits = module(text[None, :-1])
        total += nn.functional.cross_entropy(logits[0], text[1:], reduction="sum").item()
        count += len(text) - 1
    return total / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--state", type=Path, help="checkpoint to write and to go on from")
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    training, held_out = ({name: VOCABULARY.encode(t) for name, t in part.items()} for part in corpus())
    print(
        f"{len(training)} files of {sum(map(len, training.values())):,} characters; {len(held_out)} held out",
        flush=True,
    )

    module = CodeLSTM()
    with torch.no_grad():
        module.lstm.bias_hh_l0.zero_()
        module.lstm.bias_ih_l0[256:512] = 1.0  # forget gates start open
    optimiser = torch.optim.Adam(module.parameters(), lr=RATE)
    generator = torch.Generator().manual_seed(SEED)
    state = None
    first = 0
    if options.state and options.state.is_file():
        saved = torch.load(options.state, weights_only=True)
        module.load_state_dict(saved["module"])
        optimiser.load_state_dict(saved["optimiser"])
        first, state = saved["step"], saved["state"]
    started, mean = time.process_time(), 0.0
    for step, window in enumerate(windows(list(training.values()), generator)):
        forget = torch.rand(STREAMS, generator=generator) < 0.03  # some windows start from nothing, as files do
        if step < first:
            continue
        if step >= options.steps:
            break
        for group in optimiser.param_groups:
            group["lr"] = rate(step, options.steps)
        if state is not None:
            state = tuple(s.detach().masked_fill(forget[:, None], 0) for s in state)
        hidden, state = module.lstm(module.embedding(window[:, :-1]), state)
        loss = nn.functional.cross_entropy(module.head(hidden).flatten(0, 1), window[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        mean = loss.item() if step == first else 0.98 * mean + 0.02 * loss.item()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1} loss {mean:.3f} cpu {time.process_time() - started:.0f} s", flush=True)
        if options.state and (step + 1) % 200 == 0:
            torch.save(
                {"module": module.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1, "state": state},
                options.state,
            )

    loss = held_out_loss(module.eval(), list(held_out.values()))
    baseline = NGram([t.numpy() for t in training.values()], len(VOCABULARY))
    losses = np.concatenate([baseline.losses(t.numpy())[1:] for t in held_out.values()])
    print(f"held out: {loss:.4f} nats a character, 5-gram {losses.mean():.4f}")
    about = {
        "held_out_nats": f"{loss:.4f}",
        "five_gram_nats": f"{losses.mean():.4f}",
        "held_out_files": str(len(held_out)),
        "held_out_characters": str(len(losses)),
        "training_characters": str(sum(map(len, training.values()))),
        "steps": str(options.steps),
        "seed": str(SEED),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: t.contiguous() for name, t in module.state_dict().items()}, options.out, metadata=about)


if __name__ == "__main__":
    main()
