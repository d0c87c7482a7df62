import { describe, expect, it } from "vitest";
import { pages } from "../src/core/pages";
import { href, parse, type Route } from "../src/core/routes";
import "../src/kinds";

const routes: Route[] = [
  { page: "overview" },
  { page: "network" },
  { page: "network", network: "abc123", find: "conv relu", sort: "-parameters" },
  { page: "image", image: "cat-1234" },
  { page: "image", image: "cat-1234", region: 0 },
  { page: "unit", image: "cat-1234", layer: "features.0/weird layer?#%", unit: 34 },
  { page: "unit", image: "cat", layer: "层", unit: 0, rule: "guided" },
  { page: "patterns" },
  { page: "patterns", record: "key" },
  { page: "patterns", record: "key", target: 0 },
  { page: "about", record: "key", image: "cat" },
  { page: "maps" },
  { page: "atlas", atlas: "a" },
  { page: "map", map: "m", step: 2, colour: "label", point: 7 },
  { page: "survey", survey: "s" },
  { page: "survey-layer", survey: "s", layer: "features.0", find: "cat", sort: "-peaked", show: "dead" },
  { page: "survey-unit", survey: "s", layer: "features.0", unit: 3 },
  { page: "health", survey: "s" },
  { page: "experiment", experiment: "e" },
  { page: "class", label: "tabby cat" },
  { page: "neuron", layer: "features.0", unit: 3, network: "abc" },
  { page: "compare" },
  { page: "compare", image: "cat", other: "dog", left: 1, right: 0 },
  { page: "jobs" },
  { page: "missing", missing: "nowhere" },
  { page: "sequences" },
  { page: "sequence", sequence: "q", cell: "lstm h 3", at: 40, to: 52 },
  { page: "cells", record: "key" },
  { page: "memory", record: "key" },
  { page: "matches", record: "key" },
  { page: "figure", record: "key" },
  { page: "general", general: "key" },
  { page: "training", training: "t", beside: "u", layer: "features.0" },
];

describe("addresses", () => {
  it("of every page are tried here", () => expect(new Set(routes.map((route) => route.page))).toEqual(new Set(pages().map(([name]) => name))));
  it.each(routes)("%j comes back", (route) => expect(parse(href(route))).toEqual(route));

  it.each(["", "#", "#/"])("%s is the overview", (hash) => expect(parse(hash)).toEqual({ page: "overview" }));

  it.each(["nowhere", "image", "about", "%E0%A4%A", "image/cat/features.0/x", "jobs/1"])("%s is said to be missing", (path) =>
    expect(parse(`#/${path}`)).toEqual({ page: "missing", missing: path }),
  );

  it("never leads out of the page", () => {
    for (const route of routes) expect(href(route)).toMatch(/^#\//);
  });
});
