"""Figures of sequences: states over time, cells, memory, matches, losses, state spaces, responses, automata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from deepro.render.colour import ABOVE, ACCENT, BELOW, QUIET, SCALES
from deepro.results import (
    Attention,
    Automaton,
    Cells,
    Intervention,
    Losses,
    Matches,
    Memory,
    Responses,
    ResponseSimilarity,
    Result,
    StateSpace,
    Steps,
    Trace,
)

MOST = 16  # rows of text, of a table, of a list
COLUMNS = 90  # characters in a row of text


def draw_trace(canvas: Any, result: Trace) -> None:
    """Units x time for each layer's cell state (or h), ± each unit's largest; the sequence's text below."""
    names = list(result.layers)[:6]
    axes = canvas.subplots(len(names), 1, squeeze=False)[:, 0]
    for axis, name in zip(axes, names, strict=True):
        has_c = result.c is not None and name in result.c
        values = result.states(name, "c" if has_c else "h" if name in result.h else next(iter(result.gates)))[0][:400]
        high = np.maximum(np.abs(values.astype(np.float32)).max(0), 1e-12)
        axis.imshow((values / high).T, aspect="auto", cmap=SCALES["states"], vmin=-1, vmax=1, interpolation="nearest")
        axis.set_title(f"{_words(name)} {'c' if has_c else 'h'}: {values.shape[1]} units", fontsize=8)
        axis.set_ylabel("unit", fontsize=7)
        text = result.texts[0] if result.texts else None
        if text is not None and len(values) <= 120:
            axis.set_xticks(range(len(values)), [_sign(c) for c in text[: len(values)]], fontsize=6, family="monospace")
        axis.tick_params(labelsize=6)
    axes[-1].set_xlabel("step", fontsize=7)


def draw_cells(canvas: Any, result: Cells) -> None:
    """Left: the best unit of each track, held out, with its control. Right: a text coloured by the first to survive."""
    best = [result.best(t) for t in result.tracks if any(f["track"] == t for f in result.findings)]
    best.sort(key=lambda f: (not f["survives"], -np.nan_to_num(f["held_out"])))
    left, right = canvas.subplots(1, 2, width_ratios=[1, 1.5])
    place = np.arange(len(best))
    colours = [ACCENT if f["survives"] else QUIET for f in best]
    left.barh(place, [f["held_out"] for f in best], color=colours, height=0.6)
    left.plot([f["control"] for f in best], place, "|", color="black", markersize=11, markeredgewidth=1.6)
    names = [f"{f['track']}  {f['state']} {f['unit']}{'+' if f['sign'] > 0 else '-'}" for f in best]
    left.set_yticks(place, [_words(n) for n in names], fontsize=7)
    left.invert_yaxis()
    left.set_xlim(0, 1.02)
    left.tick_params(axis="x", labelsize=7)
    left.set_title("AUC, or rank correlation, held out; mark: random weights; grey: fails a control", fontsize=8)
    right.axis("off")
    if best and result.activity is not None and any(result.texts):
        first = list(result.findings).index(best[0])
        number = next(n for n, t in enumerate(result.texts) if t)
        start = sum(len(v) for v in result.values[best[0]["track"]][:number])
        text = result.texts[number] or ""
        _text(right, text, result.activity[first, start : start + len(text)].astype(np.float32))
        right.set_title(f"{_words(names[0])}: orange above 0, purple below", fontsize=8)


def draw_memory(canvas: Any, result: Memory) -> None:
    """Gates at their ends by layer, half-lives, and the influence of each input on each output."""
    gates = [(g, n) for g in result.shut for n in result.shut[g]][:6]
    more = int(bool(result.half_lives)) + 2 * int(result.influence is not None)
    axes = np.atleast_1d(canvas.subplots(1, max(1, len(gates) + more)))
    at = 0
    for gate, name in gates:
        axis, at = axes[at], at + 1
        axis.scatter(result.opened[gate][name].ravel(), result.shut[gate][name].ravel(), s=8, color=ACCENT, alpha=0.5)
        axis.plot([0, 1], [1, 0], color=QUIET, linewidth=0.7)
        axis.set_title(f"{_words(name)} {gate}", fontsize=8)
        axis.set_xlabel(f"share of steps > {1 - result.low:g}", fontsize=7)
        axis.set_ylabel(f"share of steps < {result.low:g}", fontsize=7)
    if result.half_lives:
        axis, at = axes[at], at + 1
        for name, lives in result.half_lives.items():
            known = np.sort(lives[np.isfinite(lives)])
            axis.plot(np.linspace(0, 1, len(known)), known, label=_words(name), linewidth=1.2)
        axis.set_yscale("log")
        axis.set_title("half-life, steps, shortest to longest", fontsize=8)
        axis.legend(fontsize=6)
    if result.influence is not None and result.decay is not None:
        axes[at].imshow(result.influence, cmap=SCALES["sequential"], vmax=np.quantile(result.influence, 0.995))
        axes[at].set_title("|d output (down) / d input|", fontsize=8)
        axes[at + 1].plot(result.decay, color=ACCENT)
        axes[at + 1].set_yscale("log")
        axes[at + 1].axvline((result.reach or 1) - 1, color=QUIET, linestyle="--", linewidth=0.8)
        axes[at + 1].set_title(f"by steps back; 95 % within {result.reach}", fontsize=8)
    for axis in axes:
        axis.tick_params(labelsize=6)


def draw_matches(canvas: Any, result: Matches) -> None:
    """Left: matches in their contexts. Right: annotations over-represented where they begin."""
    left, right = canvas.subplots(1, 2, width_ratios=[2.4, 1])
    left.axis("off")
    texts = any(t is not None for t in result.texts)
    contexts = result.in_context() if texts else []
    for row, words in enumerate(contexts[:MOST]):
        before, inside, after = ("".join(map(_sign, w)) for w in words)
        y = 1 - (row + 0.5) / MOST
        style = {"fontsize": 6.5, "family": "monospace", "va": "center", "transform": left.transAxes}
        left.text(0.40, y, _words(before[-40:]), ha="right", color="0.45", **style)
        left.text(0.405, y, _words((inside[:40] + after)[:58]), ha="left", **style)
    units = ", ".join(f"{c['layer']} {c['state']} {c['unit']}" for c in result.cells[:6])
    left.set_title(f"{result.count} matches in {result.steps:,} steps of {_words(units)}", fontsize=8)
    rows = list(result.enrichment)[:10]
    right.barh(
        range(len(rows)),
        [r["lift"] for r in rows],
        color=[ACCENT if r["p"] < 0.05 else QUIET for r in rows],
    )
    right.axvline(1, color="black", linewidth=0.8)
    right.set_yticks(range(len(rows)), [f"{_words(r['track'])}  p {r['p']:.1g}" for r in rows], fontsize=7)
    right.invert_yaxis()
    right.set_title("times as often as in the corpus", fontsize=8)
    right.tick_params(axis="x", labelsize=6)


def draw_steps(canvas: Any, result: Steps) -> None:
    """Above: the importance of each step. Below: the output as steps are taken away, against a random order."""
    top, bottom = canvas.subplots(2, 1)
    steps = np.arange(len(result.values))
    top.bar(steps, result.values, color=np.where(result.values >= 0, ABOVE, BELOW), width=0.9)
    top.axhline(0, color="black", linewidth=0.6)
    if result.text and len(result.text) == len(steps) <= 120:
        top.set_xticks(steps, [_sign(c) for c in result.text], fontsize=7, family="monospace")
    told = f"{result.how}: {_words(result.target)} at step {result.step}, score {result.score:.3g}"
    if result.control is not None:
        told += f"; likeness with random weights {result.control:.2f}"
    top.set_title(told, fontsize=8)
    bottom.plot(result.deletion, color=ABOVE, label="most important first")
    bottom.plot(result.random, color=QUIET, label="random order")
    bottom.legend(fontsize=6)
    bottom.set_xlabel("steps set to zero", fontsize=7)
    for axis in (top, bottom):
        axis.tick_params(axis="y", labelsize=6)


def draw_intervention(canvas: Any, result: Intervention) -> None:
    """How far the prediction moves at each step; below, the loss untouched and changed."""
    rows = 1 + int(result.losses is not None)
    axes = canvas.subplots(rows, 1, squeeze=False)[:, 0]
    steps = np.arange(len(result.change))
    axes[0].bar(steps, result.change, color=ABOVE, width=0.9)
    if result.text and len(result.text) == len(steps) <= 120:
        axes[-1].set_xticks(steps, [_words(_sign(c)) for c in result.text], fontsize=7, family="monospace")
    axes[0].axvline(result.start - 0.5, color="black", linewidth=0.8, linestyle="--")
    place = f"{_words(result.layer)} {result.state} {result.unit}"
    axes[0].set_title(f"{place}, {result.how} from step {result.start}: change of the prediction", fontsize=8)
    if result.losses is not None and result.changed_losses is not None:
        axes[1].plot(steps, result.losses, color=QUIET, label="untouched")
        axes[1].plot(steps, result.changed_losses, color=ABOVE, label="changed")
        axes[1].legend(fontsize=6)
        axes[1].set_title("loss of the next token, nats", fontsize=8)
    for axis in axes:
        axis.tick_params(axis="y", labelsize=6)


def draw_losses(canvas: Any, result: Losses) -> None:
    """Mean loss in each kind of step by the network and by the n-gram model; right, each kind's share of all loss."""
    left, right = canvas.subplots(1, 2, width_ratios=[1.6, 1])
    rows = list(result.groups)
    place = np.arange(len(rows))
    left.barh(place - 0.2, [r["loss"] for r in rows], height=0.38, color=ACCENT, label="network")
    left.barh(place + 0.2, [r["ngram"] for r in rows], height=0.38, color=QUIET, label=f"{result.order}-gram")
    left.set_yticks(place, [f"{_words(r['group'])}  {r['steps']:,}" for r in rows], fontsize=7)
    left.invert_yaxis()
    left.legend(fontsize=7)
    left.set_title("mean loss, nats a token", fontsize=8)
    right.barh(place - 0.2, [r["share_of_loss"] for r in rows], height=0.38, color=ABOVE, label="share of the loss")
    right.barh(place + 0.2, [r["share_of_steps"] for r in rows], height=0.38, color=QUIET, label="share of the steps")
    right.set_yticks([])
    right.invert_yaxis()
    right.legend(fontsize=7)
    for axis in (left, right):
        axis.tick_params(axis="x", labelsize=6)


def draw_space(canvas: Any, result: StateSpace) -> None:
    """Left: states in two dimensions, one path drawn. Right: where a step leads from each region."""
    left, right = canvas.subplots(1, 2, width_ratios=[1.2, 1])
    points, regions = np.concatenate(result.trajectories), np.concatenate(result.regions)
    every = max(1, len(points) // 20_000)
    count = len(result.moves)
    shown = left.scatter(
        *points[::every].T, c=regions[::every], s=2, cmap=SCALES["places"], vmin=-0.5, vmax=19.5, alpha=0.5
    )
    shown.set_rasterized(True)
    path = result.trajectories[0][:60]
    left.plot(*path.T, color="black", linewidth=0.8)
    left.plot(*path[:1].T, "o", color="black", markersize=4)
    for region in range(count):
        centre = np.median(points[regions == region], 0)
        left.annotate(str(region), centre, fontsize=9, weight="bold", ha="center", va="center")
    left.set_xlabel(f"first component, {result.explained[0]:.0%} of the variance", fontsize=7)
    left.set_ylabel(f"second, {result.explained[1]:.0%}", fontsize=7)
    left.set_title(f"{_words(result.layer)} {result.state}: the first 60 steps drawn, colours are regions", fontsize=8)
    leads = result.moves / np.maximum(result.moves.sum(1, keepdims=True), 1)
    right.imshow(leads, cmap=SCALES["sequential"], vmin=0, vmax=1)
    names = []
    for row in result.about:
        told = [t[0] for t in row["tracks"][:2]] or [_sign(t[0]) for t in row["tokens"][:4]]
        names.append(_words(f"{row['region']}: {', '.join(told)}"))
    right.set_yticks(range(count), names[:count], fontsize=6)
    right.set_xticks(range(count), range(count), fontsize=6)
    right.set_title(
        f"share of moves from (down) to (across); stability {result.stability:.2f}; next region right "
        f"{result.fidelity:.1%}, without the graph {result.baseline:.1%}",
        fontsize=7, wrap=True,
    )  # fmt: skip
    left.tick_params(labelsize=6)


def draw_responses(canvas: Any, result: Responses) -> None:
    """Expected updates, tokens down and units across, both sorted by their clusters."""
    axis = canvas.subplots()
    rows, columns = (np.argsort(c, kind="stable") for c in (result.token_clusters, result.unit_clusters))
    high = float(np.quantile(np.abs(result.values), 0.995)) or 1.0
    shown = axis.imshow(
        result.values[rows][:, columns],
        aspect="auto",
        cmap=SCALES["states"],
        vmin=-high,
        vmax=high,
        interpolation="nearest",
    )
    canvas.colorbar(shown, ax=axis, shrink=0.8, extend="both").ax.tick_params(labelsize=6)
    axis.set_yticks(range(len(rows)), [_words(_sign(result.tokens[r])) for r in rows], fontsize=6, family="monospace")
    for clusters, order, line in (
        (result.token_clusters, rows, axis.axhline), (result.unit_clusters, columns, axis.axvline),
    ):  # fmt: skip
        for edge in np.flatnonzero(np.diff(clusters[order])):
            line(edge + 0.5, color="black", linewidth=0.6)
    axis.set_xlabel(f"{result.values.shape[1]} units of {_words(result.layer)} {result.state}", fontsize=7)
    axis.set_title(
        f"mean change when a token is read; stability {result.stability[0]:.2f} (tokens), {result.stability[1]:.2f} "
        f"(units), by chance {result.chance[0]:.2f}, {result.chance[1]:.2f}",
        fontsize=8,
    )


def draw_response_similarity(canvas: Any, result: ResponseSimilarity) -> None:
    """Cosines between responses to two tokens, in one network and in the other, tokens in one order."""
    axes = canvas.subplots(1, 2)
    titles = (f"{result.layer} {result.state}", f"{result.other_layer} of {result.other or 'the other network'}")
    names = [_words(_sign(token)) for token in result.tokens]
    images = []
    for axis, values, title in zip(axes, result.likeness, titles, strict=True):
        images.append(axis.imshow(values, cmap=SCALES["states"], vmin=-1, vmax=1, interpolation="nearest"))
        axis.set_title(_words(title), fontsize=8)
        axis.set_yticks(range(len(names)), names, fontsize=5, family="monospace")
        axis.set_xticks([])
    canvas.colorbar(images[0], ax=list(axes), shrink=0.7).ax.tick_params(labelsize=6)
    canvas.suptitle(f"rank correlation {result.correlation:.2f}, p {result.p:.2g}", fontsize=8)


def draw_automaton(canvas: Any, result: Automaton) -> None:
    """States on a circle, accepting ones double; an arrow for each pair of states, with its letters."""
    axis = canvas.subplots()
    axis.axis("off")
    axis.set_aspect("equal")
    count = len(result.accepting)
    angle = np.pi / 2 - 2 * np.pi * np.arange(count) / max(1, count)
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * (1 if count > 1 else 0)
    radius = min(0.16, 1.6 / max(4, count))
    for n, (x, y) in enumerate(points[:60]):
        for ring in (radius, radius * 0.8)[: 1 + int(result.accepting[n])]:
            axis.add_patch(_circle((x, y), ring))
        axis.text(x, y, str(n), ha="center", va="center", fontsize=8)
        for target in sorted(set(result.transitions[n].tolist())):
            letters = [a for a, to in zip(result.alphabet, result.transitions[n], strict=True) if to == target]
            label = _words(" ".join(map(_sign, letters[:6])) + (" …" if len(letters) > 6 else ""))
            if target == n:
                out = points[n] / max(1e-9, float(np.hypot(*points[n]))) if count > 1 else np.array([0.0, 1.0])
                axis.text(*(points[n] + out * (radius + 0.09)), f"↻ {label}", ha="center", va="center", fontsize=7)
                continue
            style = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=0.18", "color": QUIET}
            shrink = radius * 130
            axis.annotate(
                "", points[target], points[n],
                arrowprops={**style, "shrinkA": shrink, "shrinkB": shrink},
            )  # fmt: skip
            middle, along = (points[n] + points[target]) / 2, points[target] - points[n]
            axis.text(*(middle + np.array([along[1], -along[0]]) * 0.14), label, ha="center", va="center", fontsize=7)
    axis.set_xlim(-1.5, 1.5)
    axis.set_ylim(-1.45, 1.45)
    axis.set_title(
        f"{count} states; agrees with the network on {result.fidelity:.1%} of {result.words} new sequences (balanced "
        f"{result.balanced:.1%}, the commoner answer {result.baseline:.1%}); "
        f"{len(result.counterexamples)} counterexamples kept",
        fontsize=8,
    )


def draw_attention(canvas: Any, result: Attention) -> None:
    """Steps written down, steps read across; rows sum to 1."""
    axis = canvas.subplots()
    shown = axis.imshow(result.weights, cmap=SCALES["sequential"], vmin=0, aspect="auto", interpolation="nearest")
    canvas.colorbar(shown, ax=axis, shrink=0.8).ax.tick_params(labelsize=6)
    if result.read and len(result.read) <= 120:
        axis.set_xticks(range(len(result.read)), [_words(_sign(t)) for t in result.read], fontsize=7)
    if result.written and len(result.written) <= 120:
        axis.set_yticks(range(len(result.written)), [_words(_sign(t)) for t in result.written], fontsize=7)
    axis.set_xlabel("read", fontsize=7)
    axis.set_ylabel("written", fontsize=7)
    axis.set_title(f"sharpness {result.sharpness:.2f}: 0 even attention, 1 one step at a time", fontsize=8)


def _text(axis: Any, text: str, values: np.ndarray) -> None:
    """Characters on coloured ground, at most MOST rows; lines break where the text's do."""
    lines: list[list[int]] = [[]]
    for step, character in enumerate(text):
        lines[-1].append(step)
        if character == "\n" or len(lines[-1]) >= COLUMNS:
            lines.append([])
    lines = [line for line in lines if line][:MOST]
    high = float(np.abs(values).max()) or 1.0
    grid = np.full((len(lines), COLUMNS), np.nan)
    for row, line in enumerate(lines):
        grid[row, : len(line)] = values[line] / high
        for column, step in enumerate(line):
            axis.text(
                column, row, _words(_sign(text[step])), fontsize=5.2, family="monospace", ha="center", va="center"
            )
    axis.imshow(grid, cmap=SCALES["states"], vmin=-1.6, vmax=1.6, aspect="auto", interpolation="nearest")


def _circle(place: tuple[float, float], radius: float) -> Any:
    from matplotlib.patches import Circle

    return Circle(place, radius, fill=False, edgecolor=ACCENT, linewidth=1.2)


def _sign(token: str) -> str:
    return {"\n": "⏎", " ": "␣", "\t": "⇥"}.get(token, token)


def _words(text: str) -> str:
    return str(text).replace("$", r"\$")


Size = Callable[[Any], tuple[float, float]]
FIGURES: dict[type[Result], tuple[Callable[[Any, Any], None], Size]] = {
    Trace: (draw_trace, lambda r: (11, 1 + 2.6 * min(6, len(r.layers)))),
    Cells: (draw_cells, lambda r: (13, 1.2 + 0.28 * len(r.tracks))),
    Memory: (draw_memory, lambda r: (13, 3.2)),
    Matches: (draw_matches, lambda r: (13, 4)),
    Intervention: (draw_intervention, lambda r: (9, 2.4 + 2 * (r.losses is not None))),
    Steps: (draw_steps, lambda r: (9, 4)),
    Losses: (draw_losses, lambda r: (11, 1 + 0.3 * len(r.groups))),
    StateSpace: (draw_space, lambda r: (12, 5.4)),
    ResponseSimilarity: (draw_response_similarity, lambda r: (12, 1.2 + 0.1 * max(30, len(r.tokens)))),
    Responses: (draw_responses, lambda r: (11, 1.4 + 0.13 * len(r.tokens))),
    Automaton: (draw_automaton, lambda r: (7, 6.6)),
    Attention: (draw_attention, lambda r: (7, 1.5 + 0.2 * min(60, len(r.weights)))),
}
