// What each step counts for one output: the output is chosen, the steps are coloured, the deletion curve stands beside.
import { useState } from "react";
import type { StepsView } from "../../../generated/document";
import { useSpeech } from "../../../i18n";
import { Facts } from "../../../parts/words";
import { unpack } from "../../../core/values";
import { frame, heatmap, signedBars } from "../../../parts/sequence/lanes";
import { usePalette } from "../../../parts/sequence/theme";
import { Timeline, type Lane } from "../../../parts/sequence/timeline";
import { outputName } from "../../../parts/sequence/names";
import { visible } from "../../../parts/sequence/tokens";
import { Deletion } from "./deletion";
import { Legend } from "../legend";
import { placeName, readLanes, widthOf } from "../../../parts/sequence/read";
import { TokenRow } from "../tokens";

const ROOM = 780;
const MOST = 400;
const TOLD = 0.05; // of the largest: what is smaller stands at the pointer, not beneath its step

export default function StepsFigure({ view, record }: { view: StepsView; record: string }) {
  const speech = useSpeech();
  const { t, number, integer, maybe } = speech;
  const palette = usePalette();
  const [count, steps] = [view.outputs.length, view.read.steps];
  const [output, setOutput] = useState(() => Math.max(0, view.made.lastIndexOf(record)));
  const [at, setAt] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const all = unpack(view.values) as Float32Array;
  const row = (packed: Float32Array, k: number) => packed.subarray(k * (packed.length / count), (k + 1) * (packed.length / count));
  const values = row(all, output);
  const high = largest(values);
  const highest = largest(all);
  const unsigned = view.how === "gradient";
  const byte = (v: number, most: number) => (unsigned ? Math.round((255 * v) / most) : Math.round(128 + 127 * Math.max(-1, Math.min(1, v / most))));
  const signed = (v: number) => (v < 0 ? `−${number(-v)}` : number(v));
  const ground = (i: number) => (Number.isNaN(values[i] ?? NaN) ? null : (palette.behind[unsigned ? 128 + (byte(values[i] ?? 0, high) >> 1) : byte(values[i] ?? 0, high)] ?? null));
  const here = over ?? at;
  const place = view.outputs[output] ?? 0;
  const px = widthOf(view.read, ROOM);
  const features = view.features[output];
  const order = Array.from({ length: count }, (_, i) => i);
  const tall = Math.max(2, Math.min(14, Math.floor(360 / count)));
  const heading = (k: number) => t("steps.output", { step: view.outputs[k] ?? 0, target: visible(outputName(speech, view.targets[k] ?? "")) });
  const lanes: Lane[] = [
    ...readLanes(view.read, palette, speech),
    {
      key: "values",
      label: t("steps.range", { high: number(high) }),
      height: 70,
      alt: t("steps.values"),
      draw: (made) => signedBars(made, (step) => values[step] ?? 0, high, 70),
    },
  ];
  if (features) {
    const told = unpack(features) as Float32Array;
    const n = features.shape[1] ?? 1;
    const most = largest(told);
    lanes.push({
      key: "features",
      label: t("steps.features", { n, high: number(most) }),
      height: Math.max(30, Math.min(200, n * 8)),
      alt: t("steps.features", { n, high: number(most) }),
      draw: (made) =>
        heatmap(made, Array.from({ length: n }, (_, i) => i), (f, step) => Math.round(128 + 127 * Math.max(-1, Math.min(1, (told[step * n + f] ?? 0) / most))), palette.signed, Math.max(30, Math.min(200, n * 8))),
    });
  }
  if (count > 1)
    lanes.push({
      key: "every",
      label: t("steps.every", { n: count, high: number(highest) }),
      height: count * tall,
      alt: t("steps.every", { n: count, high: number(highest) }),
      click: (y) => setOutput(Math.max(0, Math.min(count - 1, Math.floor(y / tall)))),
      draw: (made) => {
        heatmap(made, order, (k, step) => byte(all[k * steps + step] ?? 0, highest), unsigned ? palette.share : palette.signed, count * tall);
        frame(made, output * tall, tall);
      },
    });
  const facts: [string, string][] = [
    [t("steps.how"), maybe(`choice.how.${view.how}`, view.how)],
    [t("fact.score"), number(view.scores[output] ?? 0)],
  ];
  const gap = view.gaps[output] ?? null;
  if (gap !== null) facts.push([t("steps.gap"), number(gap)]);
  const control = view.controls[output] ?? null;
  if (control !== null) facts.push([t("steps.control"), number(control)]);
  // Of several outputs at one step the first; where they cannot be told by their place in the text, they are listed.
  const first = new Map<number, number>();
  view.outputs.forEach((step, k) => first.has(step) || first.set(step, k));
  const laid = view.read.tokens.length > 0 && steps <= MOST;
  return (
    <div className="figure-columns split aside">
      <div>
        <div className="row-head">
          <h2>{heading(output)}</h2>
          {count > 1 && (
            <span className="row small">
              <button type="button" aria-label={t("nav.previous")} disabled={output === 0} onClick={() => setOutput(output - 1)}>
                ‹
              </button>
              <select aria-label={t("steps.choose")} value={output} onChange={(event) => setOutput(Number(event.target.value))}>
                {order.map((k) => (
                  <option key={k} value={k}>
                    {heading(k)}
                  </option>
                ))}
              </select>
              <button type="button" aria-label={t("nav.next")} disabled={output === count - 1} onClick={() => setOutput(output + 1)}>
                ›
              </button>
            </span>
          )}
        </div>
        {laid && count > 1 && (
          <>
            <p className="caption">{t("steps.choose.caption")}</p>
            <TokenRow
              tokens={view.read.tokens}
              label={t("steps.choose")}
              chosen={place}
              ground={() => null}
              below={(i) => (first.has(i) ? String(i) : "")}
              hover={() => undefined}
              choose={(i) => setOutput((k) => (view.outputs[k] === i ? k : (first.get(i) ?? k)))}
              open={(i) => first.has(i)}
            />
          </>
        )}
        {laid && (
          <>
            <h3>{t("steps.counts")}</h3>
            <TokenRow
              tokens={view.read.tokens}
              label={t("steps.counts")}
              chosen={here}
              ground={ground}
              below={(i) => (Math.abs(values[i] ?? 0) >= TOLD * high ? signed(values[i] ?? 0) : "")}
              hover={setOver}
              choose={setAt}
            />
          </>
        )}
        <p className="figure-value" aria-live="polite">
          {here === null ? t("steps.point") : t("steps.at", { step: placeName(view.read, here, speech), value: signed(values[here] ?? 0), of: signed(view.scores[output] ?? 0) })}
        </p>
        <Timeline lanes={lanes} steps={steps} px={px} palette={palette} at={here ?? undefined} range={{ start: place, stop: place + 1 }} label={t("steps.keys")} choose={setAt} turn={(by) => setOutput((k) => Math.max(0, Math.min(count - 1, k + by)))} />
        <p className="caption">
          <Legend colours={unsigned ? palette.share : palette.signed} from={unsigned ? 0 : 1} low={unsigned ? number(0) : `−${number(high)}`} high={unsigned ? number(high) : `+${number(high)}`} />
          {t(unsigned ? "steps.caption.unsigned" : "steps.caption")} {t("steps.keys")}
        </p>
        {count === 1 && <p className="caption">{t("steps.one", { n: integer(steps) })}</p>}
      </div>
      <aside className="stay">
        <Facts items={facts} rows />
        <Deletion deletion={row(unpack(view.deletion) as Float32Array, output)} random={row(unpack(view.random) as Float32Array, output)} />
      </aside>
    </div>
  );
}

function largest(values: Float32Array): number {
  let most = 1e-12;
  for (const v of values) if (Math.abs(v) > most) most = Math.abs(v);
  return most;
}
