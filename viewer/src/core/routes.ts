// Every view has an address that can be sent. It lives behind the #, so that it also works from disk.

export type Route =
  | { page: "overview" }
  | { page: "network"; network?: string; find?: string; sort?: string }
  | { page: "image"; image: string; region?: number }
  | { page: "unit"; image: string; layer: string; unit: number; rule?: string }
  | { page: "patterns"; record?: string; target?: number }
  | { page: "maps" }
  | { page: "atlas"; atlas: string }
  | { page: "map"; map: string; step?: number; colour?: string; point?: number }
  | { page: "survey"; survey: string }
  | { page: "survey-layer"; survey: string; layer: string; find?: string; sort?: string; show?: string }
  | { page: "survey-unit"; survey: string; layer: string; unit: number }
  | { page: "health"; survey: string }
  | { page: "experiment"; experiment: string }
  | { page: "class"; label: string }
  | { page: "neuron"; network?: string; layer: string; unit: number }
  | { page: "compare"; left?: Half; right?: Half }
  | { page: "jobs" }
  | { page: "sequences" }
  | { page: "sequence"; sequence: string; cell?: string; at?: number; to?: number }
  | { page: "cells" | "memory" | "matches" | "figure"; record: string }
  | { page: "about"; record: string; image?: string };

type Half = { image?: string | undefined; shown?: number | undefined };

type Query = { [name: string]: string | number | undefined };

function address(path: (string | number)[], query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(name, String(value));
  }
  const tail = search.size ? `?${search}` : "";
  return `#/${path.map((p) => encodeURIComponent(p)).join("/")}${tail}`;
}

export function href(route: Route): string {
  switch (route.page) {
    case "overview":
      return "#/";
    case "network":
      return address(route.network ? ["network", route.network] : ["network"], { find: route.find, sort: route.sort });
    case "image":
      return address(["image", route.image], { region: route.region });
    case "unit":
      return address(["image", route.image, route.layer, route.unit], { rule: route.rule });
    case "patterns": {
      const path: (string | number)[] = ["patterns"];
      if (route.record !== undefined) path.push(route.record);
      if (route.record !== undefined && route.target !== undefined) path.push(route.target);
      return address(path);
    }
    case "maps":
      return "#/maps";
    case "atlas":
      return address(["atlas", route.atlas]);
    case "map":
      return address(["map", route.map], { step: route.step, colour: route.colour, point: route.point });
    case "survey":
      return address(["survey", route.survey]);
    case "survey-layer":
      return address(["survey", route.survey, route.layer], { find: route.find, sort: route.sort, show: route.show });
    case "survey-unit":
      return address(["survey", route.survey, route.layer, route.unit]);
    case "health":
      return address(["health", route.survey]);
    case "experiment":
      return address(["experiment", route.experiment]);
    case "class":
      return address(["class", route.label]);
    case "neuron":
      return address(["unit", route.layer, route.unit], { network: route.network });
    case "compare":
      return address(["compare", ...[route.left, route.right].flatMap((half) => (half?.image ? [half.image] : []))], {
        left: route.left?.shown,
        right: route.right?.shown,
      });
    case "jobs":
      return "#/jobs";
    case "sequences":
      return address(["sequences"]);
    case "sequence":
      return address(["sequence", route.sequence], { cell: route.cell, at: route.at, to: route.to });
    case "cells":
    case "memory":
    case "matches":
    case "figure":
      return address([route.page, route.record]);
    case "about":
      return address(["about", route.record], { image: route.image });
  }
}

export function parse(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const query = new URLSearchParams(search);
  const [page, a, b, c] = path.split("/").map(decode);
  const given = <T extends object>(values: T) =>
    Object.fromEntries(Object.entries(values).filter(([, v]) => v !== undefined && v !== null && v !== "")) as {
      [K in keyof T]?: NonNullable<T[K]>;
    };
  if (page === "network") return { page, ...given({ network: a, find: query.get("find"), sort: query.get("sort") }) };
  if (page === "image" && a && b && c && isIndex(c))
    return { page: "unit", image: a, layer: b, unit: Number(c), ...given({ rule: query.get("rule") }) };
  if (page === "image" && a) return { page, image: a, ...given({ region: index(query.get("region")) }) };
  if (page === "patterns") return { page, ...given({ record: a, target: index(b) }) };
  if (page === "maps") return { page };
  if (page === "atlas" && a) return { page, atlas: a };
  if (page === "map" && a) return { page, map: a, ...given({ step: index(query.get("step")), colour: query.get("colour"), point: index(query.get("point")) }) };
  if (page === "survey" && a && b && c && isIndex(c)) return { page: "survey-unit", survey: a, layer: b, unit: Number(c) };
  if (page === "survey" && a && b)
    return { page: "survey-layer", survey: a, layer: b, ...given({ find: query.get("find"), sort: query.get("sort"), show: query.get("show") }) };
  if (page === "survey" && a) return { page, survey: a };
  if (page === "health" && a) return { page, survey: a };
  if (page === "experiment" && a) return { page, experiment: a };
  if (page === "class" && a) return { page, label: a };
  if (page === "unit" && a && b && isIndex(b)) return { page: "neuron", layer: a, unit: Number(b), ...given({ network: query.get("network") }) };
  if (page === "compare") return { page, left: { image: a, shown: index(query.get("left")) }, right: { image: b, shown: index(query.get("right")) } };
  if (page === "jobs") return { page };
  if (page === "sequences") return { page };
  if (page === "sequence" && a)
    return { page, sequence: a, ...given({ cell: query.get("cell"), at: index(query.get("at")), to: index(query.get("to")) }) };
  if ((page === "cells" || page === "memory" || page === "matches" || page === "figure") && a) return { page, record: a };
  if (page === "about" && a) return { page, record: a, ...given({ image: query.get("image") }) };
  return { page: "overview" };
}

const isIndex = (text: string) => /^\d{1,9}$/.test(text);
const index = (text: string | null | undefined) => (text && isIndex(text) ? Number(text) : undefined);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
