import { describe, expect, it } from "vitest";
import { href, parse, type Route } from "../src/core/routes";

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
];

describe("addresses", () => {
  it.each(routes)("%j comes back", (route) => expect(parse(href(route))).toEqual(route));

  it.each(["", "#", "#/", "#/nowhere", "#/image", "#/about", "#/%E0%A4%A"])("%s is the overview", (hash) =>
    expect(parse(hash)).toEqual({ page: "overview" }),
  );

  it("a unit that is no number is the image", () =>
    expect(parse("#/image/cat/features.0/x")).toEqual({ page: "image", image: "cat" }));

  it("never leads out of the page", () => {
    for (const route of routes) expect(href(route)).toMatch(/^#\//);
  });
});
