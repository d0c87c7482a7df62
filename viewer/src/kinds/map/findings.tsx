// What stands out among a layer's codes: outliers, near duplicates, likely label errors, clusters.
import type { ReactNode } from "react";
import type { FindingsView, MapPage, Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Explain, MadeBy } from "../../parts/words";
import { unpack } from "../../core/values";
import { Tile } from "./tile";

const SHOWN = 18;

type Props = { overview: Overview; page: MapPage; view: FindingsView; pick: (point: number) => void; choose: (points: Uint32Array, why: string) => void };

export function Findings({ overview, page, view, pick, choose }: Props) {
  const { t, integer, number, percent } = useSpeech();
  const made = overview.records[view.record];
  const one = (i: number, title: string) => (
    <button type="button" className="pick" title={title} onClick={() => pick(i)}>
      {page.sprites ? <Tile sprites={page.sprites} index={i} size={44} alt={title} /> : page.ids[i]}
    </button>
  );
  const group = (title: string, count: number | null, points: number[], list: ReactNode, below?: ReactNode) => (
    <div>
      <div className="row-head">
        <h3>
          {title} {count !== null && <span className="quiet">{integer(count)}</span>}
        </h3>
        {count !== 0 && (
          <button type="button" className="link" onClick={() => choose(Uint32Array.from(new Set(points)), title)}>
            {t("find.show")}
          </button>
        )}
      </div>
      {count !== 0 ? list : <p className="quiet">{t("find.none")}</p>}
      {below}
    </div>
  );
  const members = (c: number) => {
    const of = unpack(view.cluster) as Int32Array;
    const found: number[] = [];
    of.forEach((v, i) => v === c && found.push(i));
    return Uint32Array.from(found);
  };
  return (
    <section className="map-findings">
      <div className="row-head">
        <h2>{t("find.title", { layer: view.layer })}</h2>
        <MadeBy made={made} />
      </div>
      <Explain text="find.explain" paper={made?.paper} />
      <div className="split">
        {group(
          t("find.outliers"),
          null,
          view.outliers,
          <ul className="map-sheet toggles small">
            {view.outliers.slice(0, SHOWN).map((i, k) => (
              <li key={i}>{one(i, `${page.ids[i]} · ${t("find.factor", { factor: number(view.factors[k] ?? 0) })}`)}</li>
            ))}
          </ul>,
        )}
        {group(
          t("find.suspects"),
          view.suspects_total,
          view.suspects.map((s) => s.point),
          <ul className="map-suspects small">
            {view.suspects.slice(0, SHOWN / 3).map((s) => (
              <li className="beside" key={s.point}>
                {one(s.point, page.ids[s.point] ?? "")}
                <span>
                  <strong>{page.ids[s.point]}</strong> {t("find.suspect", { given: s.given, likely: s.likely, trust: percent(Math.round(100 * s.trust) / 100) })}
                </span>
              </li>
            ))}
          </ul>,
          view.control.planted !== undefined && <p className="caption">{t("find.control", view.control)}</p>,
        )}
        {group(
          t("find.duplicates"),
          view.duplicates.length,
          view.duplicates.flat(),
          <ul className="map-pairs row">
            {view.duplicates.slice(0, SHOWN / 2).map((pair, k) => (
              <li className="edged beside" key={k}>{pair.map((i) => <span key={i}>{one(i, page.ids[i] ?? "")}</span>)}</li>
            ))}
          </ul>,
        )}
        {group(
          t("find.clusters"),
          view.clusters.length,
          clustered(unpack(view.cluster) as Int32Array),
          <ol className="map-clusters small">
            {view.clusters.slice(0, 12).map((c, k) => (
              <li key={k}>
                <button type="button" className="link" onClick={() => choose(members(k), t("find.cluster", { n: k + 1 }))}>
                  {t("find.cluster", { n: k + 1 })}
                </button>{" "}
                <span className="quiet">{integer(c.size)}</span> {c.classes.map((name, i) => `${name} ${percent(Math.round(100 * (c.shares[i] ?? 0)) / 100)}`).join(", ")}
                <span className="quiet"> · {t("find.units", { units: c.units.join(", ") })}</span>
              </li>
            ))}
          </ol>,
        )}
      </div>
      {view.notes.map((note) => (
        <p className="caption" key={note}>
          {note}
        </p>
      ))}
    </section>
  );
}

function clustered(of: Int32Array): number[] {
  const found: number[] = [];
  of.forEach((c, i) => c >= 0 && found.push(i));
  return found;
}
