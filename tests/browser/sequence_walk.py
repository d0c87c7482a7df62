"""Going through the sequence pages of a report."""

from __future__ import annotations

from typing import Any

SETTLE = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60))))"


def addresses(tab: Any) -> list[str]:
    """The list of sequences, every result, every sequence."""
    go(tab, "#/sequences")
    tab.wait_for_selector(".results a")
    links = tab.locator(".results li > a, .sequence-list a").evaluate_all(
        "all => all.map((a) => a.getAttribute('href'))"
    )
    return ["#/sequences", *dict.fromkeys(links)]


def first(tab: Any, kind: str) -> str:
    """The address of the first page of a kind: sequence, cells, memory, matches; or a word of a figure's heading."""
    found = [a for a in addresses(tab) if a.startswith(f"#/{kind}/")]
    if found:
        return found[0]
    rows = tab.locator(".results li > a").evaluate_all("all => all.map((a) => [a.innerText, a.getAttribute('href')])")
    return next(href for name, href in rows if name == kind)


def go(tab: Any, address: str) -> None:
    if tab.url.endswith(address):
        return
    tab.evaluate("hash => { document.querySelector('main h1').dataset.old = ''; location.hash = hash }", address)
    tab.wait_for_selector("main h1:not([data-old])")
    tab.evaluate(SETTLE)


def findings(tab: Any, axe: str) -> list[Any]:
    """What axe finds on the page, with everything unfolded."""
    tab.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true })")
    tab.evaluate(f"() => {{ if (!window.axe) {{ {axe} }} }}")
    bad = tab.evaluate("async () => (await axe.run({ preload: false })).violations")
    return [(v["id"], n["html"][:160], n.get("failureSummary")) for v in bad for n in v["nodes"][:2]]
