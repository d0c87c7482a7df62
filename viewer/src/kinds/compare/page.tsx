import { Suspense, use, useState } from "react";
import type { Overview, PhotographPage } from "../../generated/document";
import { Controls } from "../../parts/heat";
import { useSpeech } from "../../i18n";
import { commonHigh, explanations, HeatStage, Sliders } from "../../parts/heatmaps";
import { Bars, Explain, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import type { Source } from "../../core/source";

export type Side = { image?: string | undefined; shown?: number | undefined };

/** Two photographs, two methods or two networks: whatever is chosen left and right stands on the same sliders. */
export default function ComparePage({ source, overview, left, right }: { source: Source; overview: Overview; left: Side; right: Side }) {
  const { t } = useSpeech();
  const [controls] = useState(() => new Controls());
  const cards = overview.photographs;
  if (cards.length === 0) return <p className="quiet">{t("compare.none")}</p>;
  const known = (id: string | undefined) => cards.some((card) => card.id === id);
  const first = known(left.image) ? (left.image as string) : (cards[0]?.id ?? "");
  const second = known(right.image) ? (right.image as string) : (cards.find((card) => card.id !== first)?.id ?? first);
  const asked = [source.page("photograph", first), source.page("photograph", second)] as const;
  const [one, other] = [use(asked[0]), use(asked[1])];
  const a = explanations(one)[left.shown ?? 0];
  const b = explanations(other)[right.shown ?? 0];
  const { maybe } = useSpeech();
  const heat = [a, b].flatMap((e) => (e ? [e.heatmap] : []));
  const high = commonHigh(heat, (h) => maybe(`heat.unit.${h.method}`, h.method));
  const go = (change: { left?: Side; right?: Side }) => {
    const now = { left: { image: first, shown: left.shown }, right: { image: second, shown: right.shown }, ...change };
    window.location.replace(href({ page: "compare", image: now.left.image, other: now.right.image, left: now.left.shown, right: now.right.shown }));
  };
  return (
    <>
      <header className="page-head">
        <h1>{t("nav.compare")}</h1>
        <Explain text="compare.explain" />
      </header>
      {heat.length > 0 && <Sliders controls={controls} common={high !== undefined} key={String(high)} />}
      <div className="split">
        <Suspense>
          <Half overview={overview} photograph={one} shown={left.shown ?? 0} controls={controls} high={high} name={t("compare.left")} choose={(side) => go({ left: side })} />
          <Half overview={overview} photograph={other} shown={right.shown ?? 0} controls={controls} high={high} name={t("compare.right")} choose={(side) => go({ right: side })} />
        </Suspense>
      </div>
    </>
  );
}

type HalfProps = {
  overview: Overview;
  photograph: PhotographPage;
  shown: number;
  controls: Controls;
  high: number | undefined;
  name: string;
  choose: (side: Side) => void;
};

function Half({ overview, photograph, shown, controls, high, name, choose }: HalfProps) {
  const { t, maybe, number } = useSpeech();
  const all = explanations(photograph);
  const e = all[shown] ?? all[0];
  const several = overview.networks.length > 1;
  const network = (fingerprint: string) => overview.networks.find((n) => n.fingerprint === fingerprint)?.name ?? fingerprint.slice(0, 8);
  return (
    <section aria-label={name}>
      <div className="tiles filled">
        <select aria-label={`${name}: ${t("photographs")}`} value={photograph.id} onChange={(event) => choose({ image: event.target.value, shown })}>
          {overview.photographs.map((card) => (
            <option key={card.id} value={card.id}>
              {card.name}
              {several ? ` · ${network(card.network)}` : ""}
            </option>
          ))}
        </select>
        {all.length > 0 && (
          <select aria-label={`${name}: ${t("image.explanation")}`} value={e ? all.indexOf(e) : 0} onChange={(event) => choose({ image: photograph.id, shown: Number(event.target.value) })}>
            {all.map((one, i) => (
              <option key={one.record} value={i}>
                {maybe(`method.${photograph.records[one.record]?.method}`, one.heatmap.method)} · {one.heatmap.target}
              </option>
            ))}
          </select>
        )}
      </div>
      {e ? (
        <>
          <HeatStage photograph={photograph} heatmap={e.heatmap} controls={controls} high={high} />
          <div className="row below">
            <MadeBy made={photograph.records[e.record]} image={photograph.id} />
            <span className="quiet small">
              {e.heatmap.scale.kind === "diverging" ? "±" : ""}
              {number(e.heatmap.scale.high)} ({maybe(`heat.unit.${e.heatmap.method}`, t("heat.unit"))})
            </span>
          </div>
        </>
      ) : (
        <p className="quiet">{t("compare.noheat")}</p>
      )}
      {photograph.prediction.length > 0 && (
        <>
          <h2>
            <a href={href({ page: "image", image: photograph.id })}>{photograph.name}</a>
          </h2>
          <Bars items={photograph.prediction.map((g) => ({ label: g.label, value: g.probability }))} />
        </>
      )}
    </section>
  );
}
