"""A finite automaton learned from a network that accepts or rejects sequences of tokens."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch

from deepro import progress
from deepro.errors import UnsupportedError, UsageError
from deepro.kinds.sequences.automaton import Automaton
from deepro.network import Network
from deepro.network.sequences import Sequences, as_sequences, run
from deepro.network.vocabulary import Vocabulary
from deepro.parameters import Alphabet, Bounds
from deepro.probe import first_tensor
from deepro.registry import Paper, method

_SHOWN = 20


@method(
    family="sequences",
    paper=Paper(
        "Weiss, Goldberg, Yahav", 2018,
        "Extracting automata from recurrent neural networks using queries and counterexamples",
        "https://arxiv.org/abs/1711.09576",
    ),
    summary="The automaton that L* learns from an acceptor by asking it, with its fidelity and counterexamples.",
)  # fmt: skip
def automaton(
    net: Network,
    alphabet: Alphabet | None = None,
    *,
    accept: Annotated[str | None, "label or index of the class that means yes; the last one by default"] = None,
    empty: Annotated[bool, "whether the empty sequence, which no network can read, is accepted"] = False,
    length: Annotated[int, Bounds(2, 500), "longest sequence with which a guess is tried"] = 20,
    words: Annotated[int, Bounds(10, 100_000), "sequences with which a guess is tried, and judged"] = 300,
    rounds: Annotated[int, Bounds(1, 1000), "guesses at most"] = 12,
    seed: Annotated[int, Bounds(0, 2**31), "of the sequences that are tried"] = 0,
) -> Automaton:
    """Ask the network which sequences it accepts (L*, Angluin 1987) until random sequences find no difference.

    alphabet: tokens, or their numbers; the network's vocabulary by default, where it has at most 16. The network gives
    logits for the whole sequence (N, K) or for each step (N, T, K), of which the last counts; one logit means yes above
    zero. fidelity: share of new random sequences, as often short as long, on which both agree; balanced: the mean of
    that share among the accepted and among the rejected; baseline: that of the commoner answer alone.
    counterexamples: sequences on which they differ, shortest first. complete: whether the last guess was not refuted.
    Needs the extra `automata` (AALpy). Weiss et al. 2018, arXiv 1711.09576.
    Example: `deepro.automaton(net, "ab")`
    """
    try:
        from aalpy.base import SUL
        from aalpy.learning_algs import run_Lstar
        from aalpy.oracles import RandomWordEqOracle
    except ImportError:
        raise UnsupportedError("automaton needs AALpy: pip install 'deepro[automata]'") from None
    numbers, names = _alphabet(net, alphabet)
    asked = _Acceptor(net, accept, empty)

    class Network_(SUL):  # noqa: N801 - the name that AALpy's messages show
        def __init__(self) -> None:
            super().__init__()
            self.word: list[int] = []

        def pre(self) -> None:
            self.word = []

        def post(self) -> None:
            pass

        def step(self, letter: int | None) -> bool:
            if letter is not None:
                self.word.append(letter)
            return asked(tuple(self.word))

    random.seed(seed)  # AALpy draws from Python's own; `untouched` puts it back
    sul = Network_()
    oracle = RandomWordEqOracle(numbers, sul, num_walks=words, min_walk_len=1, max_walk_len=length)
    progress.tell("automaton", 0, 2)
    made: Any = run_Lstar(
        numbers, sul, oracle, "dfa", max_learning_rounds=rounds, return_data=True, print_level=0,
        cache_and_non_det_check=False,
    )  # fmt: skip
    learned, about = made
    progress.tell("automaton", 1, 2)
    states = list(learned.states)
    index = {s.state_id: n for n, s in enumerate(states)}
    first = index[learned.initial_state.state_id]
    order = [first, *(n for n in range(len(states)) if n != first)]
    moved = {old: new for new, old in enumerate(order)}
    transitions = np.array(
        [[moved[index[states[n].transitions[a].state_id]] for a in numbers] for n in order], dtype=np.int64
    )
    accepting = np.array([bool(states[n].is_accepting) for n in order])
    generator = np.random.default_rng(seed + 1)
    tried = [
        tuple(int(a) for a in generator.choice(numbers, int(generator.integers(1, length + 1)))) for _ in range(words)
    ]
    truth = np.array([asked(w) for w in tried])
    said = np.array([follows(transitions, accepting, [numbers.index(a) for a in w]) for w in tried])
    wrong = sorted({w for w, a, b in zip(tried, truth, said, strict=True) if a != b}, key=lambda w: (len(w), w))
    shares = [float((said == truth)[truth == v].mean()) for v in (True, False) if (truth == v).any()]
    progress.tell("automaton", 2, 2)
    shown = dict(zip(numbers, names, strict=True))
    return Automaton(
        alphabet=tuple(names), transitions=transitions, accepting=accepting,
        fidelity=float((said == truth).mean()), balanced=float(np.mean(shares)),
        baseline=float(max(truth.mean(), 1 - truth.mean())), words=words,
        counterexamples=tuple(tuple(shown[a] for a in w) for w in wrong[:_SHOWN]),
        queries=asked.asked, complete=int(about["learning_rounds"]) < rounds,
    )  # fmt: skip


def follows(transitions: np.ndarray, accepting: np.ndarray, word: Sequence[int]) -> bool:
    """Whether the automaton accepts: transitions (S, A), accepting (S,), word of letter numbers; state 0 begins."""
    state = 0
    for letter in word:
        state = transitions[state, letter]
    return bool(accepting[state])


class _Acceptor:
    """The network's answer to a word; what was asked once is remembered."""

    def __init__(self, net: Network, accept: str | None, empty: bool) -> None:
        self.net, self.empty = net, empty
        self.index = None if accept is None else net.label_index(accept)
        self.known: dict[tuple[int, ...], bool] = {}

    @property
    def asked(self) -> int:
        return len(self.known)

    def __call__(self, word: tuple[int, ...]) -> bool:
        if not word:
            return self.empty
        if word not in self.known:
            self._ask(word)
        return self.known[word]

    def _ask(self, word: tuple[int, ...]) -> None:
        given = as_sequences(self.net, np.array(word, dtype=np.int64))
        assert isinstance(given, Sequences)
        (_, args, kwargs), *_ = given.batches()
        with torch.no_grad():
            output = first_tensor(run(self.net, args, kwargs))
        if output is None or output.ndim not in (2, 3):
            raise UnsupportedError("automaton needs logits for the sequence (N, K) or for each step (N, T, K)")
        if output.ndim == 3:
            rows = given.rows(output)[0]
            if len(rows) == len(word):  # every beginning of the word is answered at once
                for end in range(1, len(word) + 1):
                    self.known[word[:end]] = self._yes(rows[end - 1])
                return
            output = rows[-1:]
        self.known[word] = self._yes(output[0])

    def _yes(self, logits: torch.Tensor) -> bool:
        if len(logits) == 1:
            return bool(logits[0] > 0)
        index = len(logits) - 1 if self.index is None else self.index
        return int(logits.argmax()) == index


def _alphabet(net: Network, given: Any) -> tuple[list[int], list[str]]:
    known = net.preprocess if isinstance(net.preprocess, Vocabulary) else None
    if given is None:
        if known is None or len(known) > 16:
            many = f"its vocabulary has {len(known)} tokens" if known else "this network has no vocabulary"
            raise UsageError(f"{many}: name the alphabet, a few tokens or their numbers")
        return list(range(len(known))), list(known.tokens)
    letters = list(given)
    if len(letters) < 1 or len(set(letters)) != len(letters):
        raise UsageError("the alphabet needs at least one token, each once")
    if all(isinstance(a, int | np.integer) for a in letters):
        return [int(a) for a in letters], [known.tokens[int(a)] if known else str(int(a)) for a in letters]
    if known is None:
        raise UsageError("this network has no vocabulary: give the alphabet as token numbers")
    return [int(n) for n in known.encode([str(a) for a in letters])], [str(a) for a in letters]
