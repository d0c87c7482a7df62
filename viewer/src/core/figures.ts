// A result's figure as a file, where there is a server that draws it.
export const FIGURES = ["png", "svg", "pdf"] as const;

export const figure = (record: string, kind: (typeof FIGURES)[number]) => `api/v1/results/${encodeURIComponent(record)}/figure.${kind}`;
