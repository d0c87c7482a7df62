// The units that answered to these examples, as a map beside theirs. Picking on one side colours the other.
import { useEffect, useMemo, useState } from "react";
import type { MapLink } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { href } from "../../core/routes";
import { unpack } from "../../core/values";
import { paint, share } from "../../parts/colours";
import { Scatter } from "./scatter";
import { boxOf } from "./view";

type Props = { link: MapLink; chosen: Uint32Array | null; count: number; dark: boolean; brush: (answers: Uint8Array | null, name: string) => void };

export function Units({ link, chosen, count, dark, brush }: Props) {
  const { t } = useSpeech();
  const positions = unpack(link.positions) as Uint16Array;
  const answers = unpack(link.answers) as Uint8Array;
  const box = useMemo(() => boxOf([positions]), [positions]);
  const [unit, setUnit] = useState(-1);
  const means = useMemo(() => unitMeans(answers, count, chosen), [answers, count, chosen]);
  const colours = useMemo(() => paint(share("answer", means), link.units.length, dark, null), [means, link, dark]);
  const name = (u: number) => t("units.unit", { unit: link.units[u] ?? "" });
  useEffect(() => setUnit(-1), [link]);
  const pick = (u: number) => {
    setUnit(u);
    brush(u < 0 ? null : answers.slice(u * count, (u + 1) * count), u < 0 ? "" : name(u));
  };
  const choose = (units: Uint32Array | null) => {
    if (!units) return brush(null, "");
    brush(exampleMeans(answers, count, units), t("units.n", { n: units.length }));
  };
  return (
    <section className="map-units">
      <div className="row-head">
        <h2>{t("map.units", { layer: link.layer })}</h2>
        <a href={href({ page: "map", map: link.map })}>{t("map.units.open")}</a>
      </div>
      <p className="caption">{t("map.units.explain")}</p>
      <Scatter
        label={t("map.alt.units", { n: link.units.length, layer: link.layer })}
        positions={positions}
        box={box}
        colours={colours}
        marks={{ point: unit, near: null, rings: null, names: [] }}
        pick={pick}
        choose={choose}
        tell={(u) => <strong>{name(u)}</strong>}
        className="low"
      />
      <p className="caption">{t(chosen ? "map.units.chosen" : "map.units.all")}</p>
    </section>
  );
}

/** (U,) each unit's mean answer to the examples chosen, all of them by default, spread over 0..255. */
export function unitMeans(answers: Uint8Array, count: number, chosen: Uint32Array | null): Uint8Array {
  const units = answers.length / count;
  const sums = new Float64Array(units);
  for (let u = 0; u < units; u++) {
    let sum = 0;
    if (chosen) for (const i of chosen) sum += answers[u * count + i]!;
    else for (let i = 0; i < count; i++) sum += answers[u * count + i]!;
    sums[u] = sum / (chosen ? chosen.length || 1 : count);
  }
  return spread(sums);
}

/** (N,) mean answer of several units to each example, spread over 0..255. */
export function exampleMeans(answers: Uint8Array, count: number, units: Uint32Array): Uint8Array {
  const sums = new Float64Array(count);
  for (const u of units) for (let i = 0; i < count; i++) sums[i]! += answers[u * count + i]!;
  return spread(sums);
}

function spread(values: Float64Array): Uint8Array {
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  return Uint8Array.from(values, (v) => Math.round((255 * (v - low)) / (high - low || 1)));
}
