// One sequence read twice, untouched and with a unit changed: what moves, where, and what is written then.
import { useState } from "react";
import type { InterventionView } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";
import { Facts } from "../../parts/words";
import { unpack } from "../../core/values";
import { bars, characters, rgb } from "../../parts/sequence/lanes";
import { usePalette } from "../../parts/sequence/theme";
import { Timeline, type Lane } from "../../parts/sequence/timeline";
import { outputName } from "../../parts/sequence/names";
import { visible } from "../../parts/sequence/tokens";
import { placeName, readLanes, widthOf } from "../../parts/sequence/read";

export default function InterventionFigure({ view }: { view: InterventionView }) {
  const speech = useSpeech();
  const { t, number, percent } = speech;
  const palette = usePalette();
  const steps = view.read.steps;
  const change = unpack(view.change) as Float32Array;
  const losses = view.losses ? (unpack(view.losses) as Float32Array) : null;
  const changed = view.changed ? (unpack(view.changed) as Float32Array) : null;
  const most = change.reduce((a, b) => Math.max(a, b), 1e-9);
  const high = view.classes ? 1 : most;
  const peak = change.indexOf(Math.max(...change));
  const [at, setAt] = useState<number>(Math.max(0, peak));
  const worst = Math.max(1, ...[...(losses ?? []), ...(changed ?? [])].filter((v) => !Number.isNaN(v)));
  const [best, then] = [view.best, view.changed_best].map((all) => all.map((label) => visible(outputName(speech, label)))) as [string[], string[]];
  const moved = best.map((name, i) => (name === then[i] ? "" : (then[i] ?? "")));
  const turned = moved.filter((name) => name !== "").length;
  const told = (value: number) => (view.classes ? percent(value) : number(value));
  const mean = (values: Float32Array | null) => {
    const known = [...(values ?? [])].slice(view.start).filter((v) => !Number.isNaN(v));
    return known.reduce((a, b) => a + b, 0) / Math.max(1, known.length);
  };
  const lanes: Lane[] = [
    ...readLanes(view.read, palette, speech),
    { key: "change", label: t("intervention.change", { high: told(high) }), height: 64, alt: t("intervention.change", { high: told(high) }), draw: (made) => bars(made, (step) => change[step] ?? 0, high, 64, palette.high) },
  ];
  if (losses && changed)
    lanes.push(
      { key: "losses", label: t("intervention.loss", { high: number(worst) }), height: 40, alt: t("intervention.loss", { high: number(worst) }), draw: (made) => bars(made, (step) => losses[step] ?? 0, worst, 40, palette.quiet) },
      { key: "changed", label: t("intervention.loss.changed", { high: number(worst) }), height: 40, alt: t("intervention.loss.changed", { high: number(worst) }), draw: (made) => bars(made, (step) => changed[step] ?? 0, worst, 40, palette.high) },
    );
  if (view.best.length)
    lanes.push(
      { key: "best", label: t("intervention.best"), height: 20, alt: t("intervention.best"), draw: (made) => characters(made, (step) => best[step] ?? "") },
      {
        key: "turned",
        label: t("intervention.turned"),
        height: 20,
        alt: t("intervention.turned"),
        draw: (made) => {
          made.context.fillStyle = rgb(palette.behind[225] ?? 0);
          for (let step = made.first; step < made.last; step++) if (moved[step]) made.context.fillRect((step - made.first) * made.px - made.shift, 0, made.px, 20);
          characters(made, (step) => moved[step] ?? "");
        },
      },
    );
  const facts: [string, string][] = [
    [t("unit"), `${view.layer}${view.direction ? " ←" : ""} ${view.state} ${view.unit}`],
    [t("intervention.how"), t(`intervention.how.${view.how}` as Key, { value: number(view.value ?? 0) })],
    [t("intervention.from"), t("sequence.step", { step: view.start })],
    [t("intervention.mean"), told(mean(change))],
  ];
  if (view.best.length) facts.push([t("intervention.turns"), t("intervention.turns.value", { n: turned, of: steps - view.start })]);
  if (losses && changed) facts.push([t("fact.loss"), `${number(mean(losses))} → ${number(mean(changed))}`]);
  return (
    <>
      <Facts items={facts} />
      <Timeline lanes={lanes} steps={steps} px={widthOf(view.read, 1060)} palette={palette} at={at} range={{ start: view.start, stop: steps }} label={t("intervention.axis")} choose={setAt} />
      <p className="caption">{t(view.classes ? "intervention.caption" : "intervention.caption.numbers")}</p>
      <p className="figure-value" aria-live="polite">
        {t("intervention.at", { step: placeName(view.read, at, speech), change: told(change[at] ?? 0) })}
        {view.best.length > 0 && ` · ${t("intervention.expected", { before: best[at] ?? "", after: then[at] ?? "" })}`}
        {losses && changed && !Number.isNaN(losses[at] ?? NaN) && ` · ${t("sequence.loss")} ${number(losses[at] ?? 0)} → ${number(changed[at] ?? 0)}`}
      </p>
      {view.written !== null && view.changed_text !== null && (
        <>
          <h2>{t("intervention.writes")}</h2>
          <div className="written-pair tiles filled">
            <div>
              <h3>{t("intervention.untouched")}</h3>
              <pre>{view.written}</pre>
            </div>
            <div>
              <h3>{t("intervention.changed")}</h3>
              <pre>{marked(view.written, view.changed_text)}</pre>
            </div>
          </div>
          <p className="caption">{t("intervention.writes.caption")}</p>
        </>
      )}
    </>
  );
}

/** The second text, with what differs from the first marked, from where they part. */
function marked(first: string, second: string) {
  let same = 0;
  while (same < second.length && first[same] === second[same]) same++;
  return (
    <>
      {second.slice(0, same)}
      {same < second.length && <mark>{second.slice(same)}</mark>}
    </>
  );
}
