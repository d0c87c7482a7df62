// How far to trust a map, beside what the simplest maps of the same codes keep.
import type { MapStep } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";

const MEASURES = ["neighbours", "trustworthiness", "continuity"] as const;
const SIZES = [15, 50, 150];

export function Quality({ step, method }: { step: MapStep; method: string }) {
  const { t, maybe } = useSpeech();
  const others = Object.entries(step.baselines);
  const rows: [string, string, string][] = MEASURES.flatMap((measure) =>
    SIZES.map((k): [string, string, string] => [`${measure}@${k}`, t(`map.quality.${measure}`), String(k)]),
  );
  rows.push(["distance_correlation", t("map.quality.distance_correlation"), ""]);
  for (const name of Object.keys(step.quality)) {
    if (rows.some(([key]) => key === name)) continue;
    const [measure = name, k = ""] = name.split("@");
    rows.push([name, maybe(`map.quality.${measure}`, measure), k]);
  }
  const known = rows.filter(([key]) => step.quality[key] !== undefined);
  const write = (value: number | undefined) => (value === undefined ? "–" : value.toFixed(2));
  return (
    <section className="map-quality">
      <h2>{t("map.quality")}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("map.quality.measure")}</th>
            <th scope="col">{maybe(`method.${method}`, method)}</th>
            {others.map(([name]) => (
              <th scope="col" key={name}>
                {maybe(`method.${name}`, name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {known.map(([key, words, k], i) => (
            <tr key={key} title={t(measureHelp(key))}>
              <th scope="row">
                {known[i - 1]?.[1] === words ? <span className="sr">{words} </span> : words} {k && <span className="quiet">@{k}</span>}
              </th>
              <td>
                <strong>{write(step.quality[key])}</strong>
                <span className="bar" aria-hidden="true">
                  <span style={{ width: `${100 * Math.max(0, step.quality[key] ?? 0)}%` }} />
                </span>
              </td>
              {others.map(([name, numbers]) => (
                <td key={name}>{write(numbers[key])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="caption">{t("map.quality.caption")}</p>
      {step.notes.map((note) => (
        <p className="caption" key={note}>
          {note}
        </p>
      ))}
    </section>
  );
}

function measureHelp(key: string): Key {
  const measure = key.split("@")[0] ?? key;
  if (measure === "neighbours" || measure === "trustworthiness" || measure === "continuity") return `map.quality.${measure}.help`;
  return measure === "distance_correlation" ? "map.quality.distance_correlation.help" : "map.quality.caption";
}
