// A method as a form, made from what the server says of its options. A method that joins the registry needs no form.
import { Suspense, use, useEffect, useId, useMemo, useRef, useState, type FormEvent } from "react";
import { Workspace } from "../core/context";
import type { JobRequest, MethodForm as Method } from "../generated/document";
import { useSpeech, type Key } from "../i18n";
import { server, useJobs, useSession } from "../core/live";
import { JobRow, useProblem } from "./jobs";
import { PaperLine } from "./words";
import "./form.css";

/** What the form is opened on. What is given here is not asked for. */
/** images: each of them, one job a picture. */
export type About = { image?: string; images?: string[]; target?: string; layer?: string; unit?: number };

type Property = {
  type: string | string[];
  description?: string;
  enum?: (string | number | null)[];
  minimum?: number;
  maximum?: number;
  default?: string | number | boolean | null;
};

/** Families in the order in which one asks: where did it look, what do its units look for, what does it expect, ... */
const QUESTIONS = ["regions", "units", "spaces", "sequences", "patterns", "network"];

/** Options that change how something is computed rather than what is asked. */
const ADVANCED = new Set(["batch_size", "keep_codes", "pool", "memory", "shard_size", "thumbnails", "sample", "seed", "precision", "step", "copy", "tile", "cut"]);

const MOST = 6; // jobs of this form told of here; the page of jobs has all

type Input = Method["inputs"][number];
type Names = { labels: string; layers: string };

/** How a form asks for one type of input: what it is opened on says it (`known`), or a field does, whose text is read. */
type Asks = {
  known?: (about: About) => unknown;
  field?: (id: string, input: Input, names: Names) => React.ReactNode;
  read?: (text: string) => unknown;
  words?: readonly [label: Key, help: Key];
};

const list = (text: string) => text.split(/[\s,]+/).filter(Boolean);
const numbers = (text: string) => list(text).map(Number).filter(Number.isInteger);
const unitOf = (about: About) => (about.layer !== undefined && about.unit !== undefined ? `${about.layer}#${about.unit}` : undefined);
const line = (list?: string) => (id: string, input: Input, names: Names) => (
  <input id={id} name={`@${input.name}`} {...(list ? { list: names[list as keyof Names] } : {})} required={input.required} autoComplete="off" />
);
const lines = (rows: number) => (id: string, input: Input) => <textarea id={id} name={`@${input.name}`} rows={rows} required={input.required} />;

/** A type of the registry's inputs that is not here can only be given by a program. */
const ASKS: { readonly [type: string]: Asks } = {
  image: {},
  images: {},
  dataset: {},
  sequence: { field: lines(4), words: ["form.text", "form.text.help"] },
  sequences: { field: lines(4), words: ["form.text", "form.text.help"] },
  target: { known: (about) => unitOf(about) ?? about.target, field: line("labels"), read: (text) => text, words: ["target", "form.target.help"] },
  class: { known: (about) => about.target, field: line("labels"), read: (text) => text, words: ["target", "form.target.help"] },
  targets: {
    known: (about) => [unitOf(about) ?? about.target].filter(Boolean),
    field: lines(3),
    read: (text) => text.split("\n").map((one) => one.trim()).filter(Boolean),
    words: ["form.targets", "form.targets.help"],
  },
  layer: { known: (about) => about.layer, field: line("layers"), read: (text) => text, words: ["layer", "form.layer.help"] },
  layers: { field: line("layers"), read: list, words: ["form.layers", "form.layers.help"] },
  unit: { known: (about) => about.unit, field: line(), read: (text) => numbers(text)[0], words: ["unit", "form.unit.help"] },
  units: { known: (about) => (about.unit === undefined ? undefined : [about.unit]), field: line(), read: numbers, words: ["units", "form.units.help"] },
  layer_units: {
    known: (about) => (about.layer === undefined || about.unit === undefined ? undefined : { [about.layer]: [about.unit] }),
    field: lines(3),
    read: (text) => Object.fromEntries(text.split("\n").map((one) => [one.slice(0, one.lastIndexOf("#")).trim(), numbers(one.slice(one.lastIndexOf("#") + 1))])),
    words: ["units", "form.layer_units.help"],
  },
  alphabet: {},
};

const isEmpty = (value: unknown) => value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
const takes = (method: Method, ...types: string[]) => method.inputs.some((input) => types.includes(input.type));

/** Methods that can be applied to what the form is opened on, in the registry's order. */
export function applicable(methods: Method[], about: About, has: { data: boolean; text: boolean }): Method[] {
  return methods.filter((method) => {
    const picture = takes(method, "image", "images");
    if (method.inputs.some((input) => input.required && !(input.type in ASKS))) return false;
    if (takes(method, "sequence", "sequences") && !has.text) return false;
    if (takes(method, "dataset") && !has.data) return false;
    if (about.image !== undefined || about.images !== undefined) return picture && method.family !== "network"; // every picture has its prediction
    if (about.unit !== undefined && takes(method, "layer_units")) return true;
    if (about.target !== undefined || about.unit !== undefined) return takes(method, "targets");
    return !picture;
  });
}

export default function MethodForm({ about }: { about: About }) {
  const { t } = useSpeech();
  const session = useSession();
  if (session?.network.state !== "ready") return null;
  return (
    <Suspense fallback={<p className="quiet">{t("state.loading")}</p>}>
      <Chosen about={about} data={session.data !== null} text={session.network.text ?? false} />
    </Suspense>
  );
}

function Chosen({ about, data, text }: { about: About; data: boolean; text: boolean }) {
  const { t, maybe, said } = useSpeech();
  const methods = use(server.methods());
  const fitting = useMemo(() => applicable(methods, about, { data, text }), [methods, about, data, text]);
  const kept = `form:${JSON.stringify(about)}`;
  const [name, setName] = useState(() => sessionStorage.getItem(kept) ?? "");
  useEffect(() => sessionStorage.setItem(kept, name), [kept, name]);
  const select = useId();
  const families = [...new Set([...QUESTIONS, ...fitting.map((m) => m.family)])].filter((family) => fitting.some((m) => m.family === family));
  const method = fitting.find((m) => m.name === name) ?? fitting.find((m) => m.family === families[0]);
  if (!method) return <p className="quiet">{t("form.nothing")}</p>;
  return (
    <div className="form stack edged">
      <div className="form-field stack close">
        <label htmlFor={select}>{t("method")}</label>
        <select id={select} value={method.name} onChange={(event) => setName(event.target.value)}>
          {families.map((family) => (
            <optgroup key={family} label={maybe(`family.${family}`, family)}>
              {fitting
                .filter((m) => m.family === family)
                .map((m) => (
                  <option key={m.name} value={m.name}>
                    {maybe(`method.${m.name}`, m.name)}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </div>
      <p className="caption">{said(method.summary)}</p>
      <PaperLine paper={method.paper} />
      <Options key={method.name} method={method} about={about} />
    </div>
  );
}

function Options({ method, about }: { method: Method; about: About }) {
  const { t } = useSpeech();
  const jobs = useJobs();
  const [made, setMade] = useState<string[]>([]);
  const [problem, setProblem] = useProblem();
  const form = useRef<HTMLFormElement>(null);
  const kept = `form:${method.name}:${JSON.stringify(about)}`;
  useEffect(() => {
    const values = JSON.parse(sessionStorage.getItem(kept) ?? "{}") as { [name: string]: string | boolean };
    for (const field of fields(form.current)) {
      const value = values[field.name];
      if (typeof value === "boolean") (field as HTMLInputElement).checked = value;
      else if (value !== undefined) field.value = value;
    }
  }, [kept]);
  const keep = () => {
    const values = fields(form.current).map((field) => [field.name, field instanceof HTMLInputElement && field.type === "checkbox" ? field.checked : field.value]);
    sessionStorage.setItem(kept, JSON.stringify(Object.fromEntries(values)));
  };
  const properties = Object.entries((method.options.properties ?? {}) as { [name: string]: Property });
  const labels = useId();
  const layers = useId();
  const asked = method.inputs.filter((input) => ASKS[input.type]?.field && isEmpty(ASKS[input.type]?.known?.(about)));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const written: { [name: string]: unknown } = {};
    const options: { [name: string]: unknown } = {};
    const request: Partial<JobRequest> & { method: string } = { method: method.name };
    if (about.image !== undefined) request.image = about.image;
    for (const input of method.inputs) {
      const asks = ASKS[input.type];
      const text = String(given.get(`@${input.name}`) ?? "");
      if (asks?.words?.[0] === "form.text") request.text = text;
      const known = asks?.known?.(about);
      const value = isEmpty(known) ? (text.trim() === "" ? undefined : asks?.read?.(text.trim())) : known;
      if (!isEmpty(value)) written[input.name] = value;
    }
    for (const [name, property] of properties) {
      const value = read(given, name, property);
      if (value !== undefined && value !== (property.default ?? undefined)) options[name] = value;
    }
    Object.assign(request, { arguments: written, options });
    setProblem(null);
    const each = about.images?.map((image) => ({ ...request, image })) ?? [request];
    Promise.all(each.map((one) => server.submit(one))).then(
      (jobs) => setMade(jobs.map((job) => job.id)),
      setProblem,
    );
  };
  // Where the page itself lists its jobs they are not listed twice.
  const own = about.image !== undefined || Object.keys(about).length === 0 ? [] : jobs.filter((job) => made.includes(job.id)).slice(0, MOST);
  const [advanced, usual] = [true, false].map((late) => properties.filter(([name]) => ADVANCED.has(name) === late)) as [typeof properties, typeof properties];
  return (
    <form ref={form} onSubmit={submit} onInput={keep}>
      <div className="tiles">
        {asked.map((input) => {
          const { field, words } = ASKS[input.type] ?? {};
          return (
            words && (
              <Field key={input.name} label={t(words[0])} help={t(words[1])}>
                {(id) => field?.(id, input, { labels, layers })}
              </Field>
            )
          );
        })}
        {usual.map(([name, property]) => (
          <OptionField key={name} name={name} property={property} />
        ))}
      </div>
      {advanced.length > 0 && (
        <details className="more below">
          <summary>{t("form.advanced")}</summary>
          <div className="tiles">
            {advanced.map(([name, property]) => (
              <OptionField key={name} name={name} property={property} />
            ))}
          </div>
        </details>
      )}
      <Suspense>
        <Known labels={labels} />
      </Suspense>
      <LayerNames id={layers} />
      <div className="row">
        <button type="submit" className="primary">
          {t("form.make")}
        </button>
        <span role="alert">{problem && <span className="note">{problem}</span>}</span>
      </div>
      {own.length > 0 && (
        <ul className="jobs lined rows below">
          {own.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      )}
    </form>
  );
}

const fields = (form: HTMLFormElement | null) =>
  [...(form?.elements ?? [])].filter((one): one is HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement => "name" in one && one.name !== "");

const kindOf = (property: Property) => (Array.isArray(property.type) ? (property.type.find((k) => k !== "null") ?? "string") : property.type);

/** A field's value as the option takes it; undefined where nothing was written. */
export function read(given: FormData, name: string, property: Property): unknown {
  const kind = kindOf(property);
  if (kind === "boolean") return given.get(name) === "on";
  const text = String(given.get(name) ?? "").trim();
  if (text === "") return undefined;
  if (kind === "integer" || kind === "number") return Number(text);
  return text;
}

function OptionField({ name, property }: { name: string; property: Property }) {
  const { t, maybe, number, integer, said } = useSpeech();
  const kind = kindOf(property);
  const bound = (n: number) => (Number.isInteger(n) ? integer(n) : number(n));
  const help = [property.description && said(property.description)];
  if (property.minimum !== undefined && property.maximum !== undefined && property.maximum < 1e9)
    help.push(t("form.bounds", { low: bound(property.minimum), high: bound(property.maximum) }));
  const initial = property.default === null || property.default === undefined ? "" : String(property.default);
  return (
    <Field label={<code>{name}</code>} help={help.filter(Boolean).join(" · ")}>
      {(id) =>
        property.enum ? (
          <select id={id} name={name} defaultValue={initial}>
            {property.enum.map((choice) => (
              <option key={String(choice)} value={choice === null ? "" : String(choice)}>
                {choice === null ? "–" : maybe(`choice.${name}.${choice}`, String(choice))}
              </option>
            ))}
          </select>
        ) : kind === "boolean" ? (
          <input id={id} name={name} type="checkbox" defaultChecked={property.default === true} />
        ) : kind === "integer" || kind === "number" ? (
          <input id={id} name={name} type="number" step={kind === "integer" ? 1 : "any"} min={property.minimum} max={property.maximum} defaultValue={initial} placeholder="–" />
        ) : (
          <input id={id} name={name} defaultValue={initial} placeholder="–" autoComplete="off" />
        )
      }
    </Field>
  );
}

function Field({ label, help, children }: { label: React.ReactNode; help?: string; children: (id: string) => React.ReactNode }) {
  const id = useId();
  return (
    <div className="form-field stack close">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {help && <span className="caption">{help}</span>}
    </div>
  );
}

function Known({ labels }: { labels: string }) {
  const names = use(server.labels());
  return (
    <datalist id={labels}>
      {names.map((name, i) => (
        <option key={i} value={name} />
      ))}
    </datalist>
  );
}

/** The overview tells which layers there are; the form offers them. */
function LayerNames({ id }: { id: string }) {
  const overview = use(Workspace);
  const names = [...new Set(overview?.networks.flatMap((network) => network.layers.map((layer) => layer.name)))];
  return (
    <datalist id={id}>
      {names.map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}
