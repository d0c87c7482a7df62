// Finding things by name: pages, layers, units, labels, photographs. Pure, so that it can be tested.
import type { NetworkView, Overview } from "../generated/document";
import type { Route } from "../core/routes";

export type Found = { kind: "class" | "layer" | "unit" | "photograph" | "data"; text: string; more?: string; route?: Route; data?: number };

const MOST = 6; // of a kind

/** How well `text` fits: 0 not at all; a name that begins so before one that holds it. */
export function fit(text: string, words: readonly string[]): number {
  const lower = text.toLowerCase();
  if (!words.every((w) => lower.includes(w))) return 0;
  const first = words[0] ?? "";
  return lower === words.join(" ") ? 4 : lower.startsWith(first) ? 3 : new RegExp(`(^|[^a-z0-9])${first.replace(/[^a-z0-9]/g, "\\$&")}`).test(lower) ? 2 : 1;
}

/** The best of each kind. labels: every class that is known. */
export function search(text: string, overview: Overview, labels: readonly string[]): Found[] {
  const query = text.trim().toLowerCase();
  const words = query.split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const best = (found: (Found & { fit: number })[]) =>
    found
      .filter((f) => f.fit > 0)
      .sort((a, b) => b.fit - a.fit || a.text.length - b.text.length)
      .slice(0, MOST)
      .map(({ fit: _, ...f }) => f);
  const unit = /^(.+?)\s*[#:]\s*(\d+)$/.exec(query);
  const networks = overview.networks.length > 1;
  const layers = overview.networks.flatMap((network) =>
    network.layers.map((layer) => ({ network, layer, more: [layer.kind, networks ? network.name : ""].filter(Boolean).join(" · ") })),
  );
  // A layer that was surveyed is seen with all its units, another in the table.
  const survey = (fingerprint: string, layer: string) => overview.surveys?.find((card) => card.network === fingerprint && card.names.includes(layer))?.id;
  const place = (network: NetworkView, layer: string): Route => {
    const id = survey(network.fingerprint, layer);
    return id ? { page: "survey-layer", survey: id, layer } : { page: "network", network: network.id.slice(0, 16), find: layer };
  };
  const unitPlace = (network: NetworkView, layer: string, n: number): Route => {
    const id = survey(network.fingerprint, layer);
    return id ? { page: "survey-unit", survey: id, layer, unit: n } : { page: "neuron", network: network.id.slice(0, 16), layer, unit: n };
  };
  return [
    ...(unit
      ? best(
          layers
            .filter(({ layer }) => Number(unit[2]) < layer.units)
            .map(({ network, layer, more }) => ({
              kind: "unit" as const,
              text: `${layer.name} # ${unit[2]}`,
              more,
              route: unitPlace(network, layer.name, Number(unit[2])),
              fit: fit(layer.name, (unit[1] ?? "").split(/\s+/)),
            })),
        )
      : []),
    ...best(
      overview.photographs.map((card) => ({
        kind: "photograph" as const,
        text: card.name,
        more: card.best?.label ?? "",
        route: { page: "image", image: card.id } as Route,
        fit: Math.max(fit(card.name, words), card.best ? fit(card.best.label, words) - 0.5 : 0),
      })),
    ),
    ...best(labels.map((label) => ({ kind: "class" as const, text: label, route: { page: "class", label } as Route, fit: fit(label, words) }))),
    ...best(layers.map(({ network, layer, more }) => ({ kind: "layer" as const, text: layer.name, more, route: place(network, layer.name), fit: fit(`${layer.name}`, words) }))),
  ];
}

/** Every class that the results name. */
export function labelsOf(overview: Overview): string[] {
  const names = new Set<string>();
  for (const card of overview.photographs) for (const g of card.guesses ?? []) names.add(g.label);
  for (const set of overview.patterns) for (const image of set.images) names.add(image.target);
  return [...names].sort();
}
