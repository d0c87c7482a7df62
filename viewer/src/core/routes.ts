// Every view has an address that can be sent. It lives behind the #, so that it also works from disk. A page says its own
// (core/pages.ts): "image/:image/:layer/:unit#" begins with the word image, :image is text and :unit# a whole number;
// what ends in ? may be missing, as may every field of the query.

/** The addresses of all pages. Each page's room adds its own, which is what makes `href` typed. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface Pages {}
export type PageName = keyof Pages;

type Field<F extends string> = F extends `${infer N}#?` ? { [K in N]?: number | undefined }
  : F extends `${infer N}?` ? { [K in N]?: string | undefined }
  : F extends `${infer N}#` ? { [K in N]: number }
  : { [K in F]: string };
type InPath<P extends string> = P extends `${infer First}/${infer Rest}` ? InPath<First> & InPath<Rest> : P extends `:${infer F}` ? Field<F> : unknown;
type InQuery<Q extends string> = Q extends "" ? unknown : Q extends `${infer First} ${infer Rest}` ? InQuery<First> & InQuery<Rest> : Field<`${Q}?`>;
type Plain<T> = { [K in keyof T]: T[K] };

type Place = { name: string; kind: "word" | "text" | "number"; optional: boolean };
export type Address<P extends string = string, Q extends string = string> = { places: readonly Place[]; query: readonly Place[]; fields?: InPath<P> & InQuery<Q> };

export type At<P extends PageName> = P extends PageName ? Plain<{ page: P } & NonNullable<Pages[P] extends { fields?: infer F } ? F : never>> : never;
export type Route = At<PageName>;

const place = (text: string): Place => {
  const [, colon, name = "", number, optional] = /^(:?)([^#?]*)(#?)(\??)$/.exec(text) ?? [];
  return { name, kind: colon ? (number ? "number" : "text") : "word", optional: optional === "?" };
};
const split = (text: string, by: string) => text.split(by).filter(Boolean);

export const address = <P extends string, Q extends string = "">(path: P, query?: Q): Address<P, Q> => ({
  places: split(path, "/").map(place),
  query: split(query ?? "", " ").map((field) => place(`:${field}`)),
});

const known = new Map<string, Address>();

/** Pages with more places are tried first; the page without any is shown where no other fits. */
const tried = () => [...known].sort(([, a], [, b]) => b.places.length - a.places.length);

export const addPage = (page: PageName, at: Address) => void known.set(page, at);

type Values = { readonly [name: string]: string | number | undefined };

export function href(route: Route): string {
  const { page, ...given } = route;
  const values: Values = given;
  const at = known.get(page);
  if (!at) throw new Error(`there is no page ${page}`);
  const path: string[] = [];
  for (const { name, kind } of at.places) {
    const value = kind === "word" ? name : values[name];
    if (value === undefined) break;
    path.push(encodeURIComponent(value));
  }
  const query = new URLSearchParams();
  for (const { name } of at.query) {
    const value = values[name];
    if (value !== undefined && value !== "") query.set(name, String(value));
  }
  return `#/${path.join("/")}${query.size ? `?${query}` : ""}`;
}

export function parse(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const words = path.split("/").map(decode);
  const query = new URLSearchParams(search);
  for (const [page, at] of tried()) {
    const fields: { [name: string]: string | number } = {};
    const take = ({ name, kind, optional }: Place, text: string | null | undefined) => {
      if (kind === "word") return text === name;
      if (text && (kind === "text" || /^\d{1,9}$/.test(text))) fields[name] = kind === "text" ? text : Number(text);
      else return optional;
      return true;
    };
    if (words.filter(Boolean).length > at.places.length || !at.places.every((one, i) => take(one, words[i]))) continue;
    for (const one of at.query) take({ ...one, optional: true }, query.get(one.name));
    return { page, ...fields } as Route;
  }
  return { page: "missing", missing: decode(path) } as unknown as Route;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
