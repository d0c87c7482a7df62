// What was picked out of a map: its pictures, its classes, its errors, and whether true neighbours are among it.
import { useMemo } from "react";
import type { MapPage } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Bars } from "../../parts/words";
import type { Points } from "./points";
import { Tile } from "./tile";

const SHEET = 240;
const ROWS = 60;
const MIX = 8;

type Props = { page: MapPage; points: Points; chosen: Uint32Array; title: string; near: Uint32Array | null; pick: (point: number) => void; clear: () => void };

export function Selection({ page, points, chosen, title, near, pick, clear }: Props) {
  const { t, integer, percent, maybe } = useSpeech();
  const mix = useMemo(() => mixture(points, chosen), [points, chosen]);
  const errors = useMemo(() => (points.outcome ? Array.from(chosen).filter((i) => points.outcome!.of[i] === 0).length : null), [points, chosen]);
  const inside = useMemo(() => (near ? shareInside(near, chosen, page.ids.length) : null), [near, chosen, page]);
  const tell = (i: number) => points.describe(i, maybe, percent);
  return (
    <section className="map-selection" aria-label={title}>
      <div className="row-head">
        <h2>{title}</h2>
        <span className="quiet">{t("map.chosen", { n: chosen.length, total: page.ids.length })}</span>
        <button type="button" onClick={clear}>
          {t("clear")}
        </button>
      </div>
      <div className="map-selection-top split">
        <div>
          {mix.length > 0 && (
            <>
              <h3>{t("map.mix")}</h3>
              <Bars items={mix.slice(0, MIX).map(({ name, count }) => ({ label: `${name} · ${integer(count)}`, value: count / chosen.length }))} />
              {mix.length > MIX && <p className="caption">{t("map.more", { n: mix.length - MIX })}</p>}
            </>
          )}
          {errors !== null && <p>{t("map.errors", { n: errors, share: percent(chosen.length ? errors / chosen.length : 0) })}</p>}
          {inside !== null && <p>{t("map.inside", { share: percent(inside.share), expected: percent(inside.expected) })}</p>}
        </div>
        {page.sprites && (
          <div>
            <h3>{t("map.sheet")}</h3>
            <ul className="map-sheet toggles small">
              {Array.from(chosen.subarray(0, SHEET), (i) => (
                <li key={i}>
                  <button type="button" className={points.outcome?.of[i] === 0 ? "pick wrong" : "pick"} title={tell(i)} onClick={() => pick(i)}>
                    <Tile sprites={page.sprites} index={i} size={44} alt={tell(i)} />
                  </button>
                </li>
              ))}
            </ul>
            {chosen.length > SHEET && <p className="caption">{t("map.more", { n: chosen.length - SHEET })}</p>}
            {points.outcome && <p className="caption">{t("map.sheet.caption")}</p>}
          </div>
        )}
      </div>
      <details className="below">
        <summary>{t("map.table")}</summary>
        <PointTable page={page} points={points} chosen={chosen} pick={pick} />
      </details>
    </section>
  );
}

/** Every column of the points picked out: what a picture tells the eye, for those who read. */
function PointTable({ page, points, chosen, pick }: { page: MapPage; points: Points; chosen: Uint32Array; pick: (point: number) => void }) {
  const { t, maybe, number, percent } = useSpeech();
  return (
    <div className="scroll">
      <table className="map-table">
        <thead>
          <tr>
            <th scope="col">{t(page.kind === "units" ? "unit" : "map.id")}</th>
            {points.shades.map((s) => (
              <th scope="col" key={s.name}>
                {maybe(`map.column.${s.name}`, s.name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from(chosen.subarray(0, ROWS), (i) => (
            <tr key={i}>
              <th scope="row">
                <button type="button" className="link" onClick={() => pick(i)}>
                  {page.ids[i]}
                </button>
              </th>
              {points.shades.map((s) => (
                <td key={s.name}>{points.value(s, i, maybe, number, percent)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {chosen.length > ROWS && <p className="caption">{t("map.more", { n: chosen.length - ROWS })}</p>}
    </div>
  );
}

function mixture(points: Points, chosen: Uint32Array): { name: string; count: number }[] {
  const shade = points.label ?? points.prediction;
  if (!shade) return [];
  const counts = new Map<number, number>();
  for (const i of chosen) counts.set(shade.of[i]!, (counts.get(shade.of[i]!) ?? 0) + 1);
  return [...counts].map(([c, count]) => ({ name: shade.names[c] ?? "–", count })).sort((a, b) => b.count - a.count);
}

/** Of the nearest neighbours in the codes of the points chosen, the share that is chosen too, and what chance gives. */
export function shareInside(near: Uint32Array, chosen: Uint32Array, count: number): { share: number; expected: number } {
  const k = near.length / count;
  const member = new Uint8Array(count);
  for (const i of chosen) member[i] = 1;
  let found = 0;
  for (const i of chosen) for (let j = 0; j < k; j++) found += member[near[i * k + j]!]!;
  return { share: found / (chosen.length * k || 1), expected: Math.max(0, chosen.length - 1) / Math.max(1, count - 1) };
}
