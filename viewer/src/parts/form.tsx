// A method as a form, made from what the server says of its options. A method that joins the registry needs no form.
import { Suspense, use, useId, useMemo, useState, type FormEvent } from "react";
import { Workspace } from "../core/context";
import type { JobRequest, MethodForm as Method } from "../generated/document";
import { useSpeech } from "../i18n";
import { server, useJobs, useSession } from "../core/live";
import { JobRow } from "./jobs";
import { PaperLine } from "./words";

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

const MOST = 6; // jobs of this form told of here; the page of jobs has all
const ASKED = ["image", "images", "target", "targets", "layer", "layers", "units", "dataset", "sequence", "sequences"];

/** Methods that can be applied to what the form is opened on, in the registry's order. */
export function applicable(methods: Method[], about: About, takes: { data: boolean; text: boolean }): Method[] {
  return methods.filter((method) => {
    const needs = new Set(method.needs);
    const picture = needs.has("image") || needs.has("images");
    if (method.needs.some((need) => !ASKED.includes(need))) return false; // such as boxes, which only a program has
    if ((needs.has("sequence") || needs.has("sequences")) && !takes.text) return false;
    if (needs.has("dataset") && !takes.data) return false;
    if (about.image !== undefined || about.images !== undefined) return picture && method.name !== "predict";
    if (about.unit !== undefined && needs.has("units")) return true;
    if (about.target !== undefined || about.unit !== undefined) return needs.has("targets");
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
  const [name, setName] = useState("");
  const method = fitting.find((m) => m.name === name) ?? fitting[0];
  const select = useId();
  if (!method) return <p className="quiet">{t("form.nothing")}</p>;
  const families = [...new Set(fitting.map((m) => m.family))];
  return (
    <div className="form">
      <div className="field">
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
  const [problem, setProblem] = useState<string | null>(null);
  const properties = Object.entries((method.options.properties ?? {}) as { [name: string]: Property });
  const labels = useId();
  const layers = useId();
  const needs = new Set(method.needs);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (field: string) => String(given.get(field) ?? "").trim();
    const request: Partial<JobRequest> & { method: string } = { method: method.name, options: {} };
    if (about.image !== undefined) request.image = about.image;
    const target = about.unit !== undefined && about.layer !== undefined ? `${about.layer}#${about.unit}` : (about.target ?? text("@target"));
    if (needs.has("target") && target) request.target = target;
    if (needs.has("targets")) request.targets = target.split("\n").map((s) => s.trim()).filter(Boolean);
    if (needs.has("layer") || needs.has("units")) request.layer = about.layer ?? text("@layer");
    if (needs.has("layers") && text("@layer")) request.layers = text("@layer").split(/[\s,]+/);
    if (needs.has("sequence") || needs.has("sequences")) request.text = String(given.get("@text") ?? "");
    const units = text("@units");
    if (needs.has("units") && about.unit !== undefined) request.units = [about.unit];
    else if (units) request.units = units.split(/[\s,]+/).map(Number).filter(Number.isInteger);
    const options: { [name: string]: unknown } = {};
    for (const [name, property] of properties) {
      const value = read(given, name, property);
      if (value !== undefined && value !== (property.default ?? undefined)) options[name] = value;
    }
    request.options = options;
    setProblem(null);
    const each = about.images?.map((image) => ({ ...request, image })) ?? [request];
    Promise.all(each.map((one) => server.submit(one))).then(
      (jobs) => setMade(jobs.map((job) => job.id)),
      (error: Error) => setProblem(error.message),
    );
  };
  const own = jobs.filter((job) => made.includes(job.id)).slice(0, MOST);
  return (
    <form onSubmit={submit}>
      <div className="fields">
        {needs.has("target") && about.target === undefined && (
          <Field label={t("target")} help={t("form.target.help")}>
            {(id) => <input id={id} name="@target" list={labels} autoComplete="off" />}
          </Field>
        )}
        {needs.has("targets") && about.target === undefined && about.unit === undefined && (
          <Field label={t("form.targets")} help={t("form.targets.help")}>
            {(id) => <textarea id={id} name="@target" rows={3} required />}
          </Field>
        )}
        {(needs.has("layer") || needs.has("units")) && about.layer === undefined && (
          <Field label={t("layer")} help={t("form.layer.help")}>
            {(id) => <input id={id} name="@layer" list={layers} required autoComplete="off" />}
          </Field>
        )}
        {needs.has("layers") && (
          <Field label={t("form.layers")} help={t("form.layers.help")}>
            {(id) => <input id={id} name="@layer" list={layers} autoComplete="off" />}
          </Field>
        )}
        {(method.name === "deconvnet" || (needs.has("units") && about.unit === undefined)) && (
          <Field label={t("units")} help={t("form.units.help")}>
            {(id) => <input id={id} name="@units" inputMode="numeric" required={needs.has("units")} autoComplete="off" />}
          </Field>
        )}
        {(needs.has("sequence") || needs.has("sequences")) && (
          <Field label={t("form.text")} help={t("form.text.help")}>
            {(id) => <textarea id={id} name="@text" rows={4} required />}
          </Field>
        )}
        {properties.map(([name, property]) => (
          <OptionField key={name} name={name} property={property} layers={layers} />
        ))}
      </div>
      <Suspense>
        <Known labels={labels} />
      </Suspense>
      <LayerNames id={layers} />
      <div className="form-end">
        <button type="submit" className="primary">
          {t("form.make")}
        </button>
        <span role="alert">{problem && <span className="note">{problem}</span>}</span>
      </div>
      {own.length > 0 && (
        <ul className="jobs">
          {own.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      )}
    </form>
  );
}

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

function OptionField({ name, property, layers }: { name: string; property: Property; layers: string }) {
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
          <input id={id} name={name} defaultValue={initial} placeholder="–" autoComplete="off" {...(name === "layer" ? { list: layers } : {})} />
        )
      }
    </Field>
  );
}

function Field({ label, help, children }: { label: React.ReactNode; help?: string; children: (id: string) => React.ReactNode }) {
  const id = useId();
  return (
    <div className="field">
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
