// Every view has an address that can be sent. It lives behind the #, so that it also works from disk.

export type Route =
  | { page: "overview" }
  | { page: "network"; network?: string; find?: string; sort?: string }
  | { page: "image"; image: string; region?: number }
  | { page: "unit"; image: string; layer: string; unit: number; rule?: string }
  | { page: "patterns"; record?: string; target?: number }
  | { page: "class"; label: string }
  | { page: "neuron"; network?: string; layer: string; unit: number }
  | { page: "compare"; left?: Half; right?: Half }
  | { page: "jobs" }
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
  if (page === "class" && a) return { page, label: a };
  if (page === "unit" && a && b && isIndex(b)) return { page: "neuron", layer: a, unit: Number(b), ...given({ network: query.get("network") }) };
  if (page === "compare") return { page, left: { image: a, shown: index(query.get("left")) }, right: { image: b, shown: index(query.get("right")) } };
  if (page === "jobs") return { page };
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
