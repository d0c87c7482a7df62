import { use, useState } from "react";
import type { Overview, PhotographCard } from "../../generated/document";
import { Controls } from "../../parts/heat";
import { useSpeech } from "../../i18n";
import { isLive } from "../../core/source";
import { useMaking } from "../../parts/jobs";
import { MethodForm } from "../../parts/method-form";
import { explanations, HeatStage, Sliders } from "../../parts/heatmaps";
import { Image } from "../../parts/picture";
import { Bars, Explain, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import type { Source } from "../../core/source";

const MOST = 12;

export const share = (card: PhotographCard, label: string) => card.guesses?.find((g) => g.label === label)?.probability ?? 0;

/** Classes that the network gives its belief to as well, where it believes in this one: mean share over the photographs. */
export function confusions(cards: readonly PhotographCard[], label: string): { label: string; value: number }[] {
  const total = new Map<string, number>();
  const seen = cards.filter((card) => share(card, label) > 0);
  for (const card of seen) for (const g of card.guesses ?? []) if (g.label !== label) total.set(g.label, (total.get(g.label) ?? 0) + g.probability);
  return [...total].map(([name, sum]) => ({ label: name, value: sum / seen.length })).sort((a, b) => b.value - a.value);
}

export default function ClassPage({ source, overview, label }: { source: Source; overview: Overview; label: string }) {
  const { t, percent, number } = useSpeech();
  const cards = overview.photographs.filter((card) => share(card, label) > 0).sort((a, b) => share(b, label) - share(a, label));
  const patterns = overview.patterns.flatMap((set) => set.images.flatMap((image, target) => (image.target === label ? [{ set, image, target }] : [])));
  const making = useMaking((job) => job.request.method === "imagine" && JSON.stringify(job.request.arguments?.targets ?? null).includes(JSON.stringify(label)));
  const confused = confusions(cards, label);
  return (
    <>
      <header className="page-head">
        <h1>{label}</h1>
        <p className="lead">{t(cards.length === 1 ? "class.lead.one" : "class.lead.many", { n: cards.length })}</p>
        <Explain text="class.explain" />
      </header>
      <div className="class-top split">
        <section>
          <h2>{t("class.pattern")}</h2>
          {patterns.length === 0 && <p className="quiet">{making ? t("job.making", { what: t("class.pattern") }) : t("class.nopattern")}</p>}
          {patterns.slice(0, 2).map(({ set, image, target }) => (
            <figure key={`${set.record}/${target}`} className="below">
              <a href={href({ page: "patterns", record: set.record, target })}>
                <Image picture={image.picture} alt={t("patterns.alt", { target: label })} eager />
              </a>
              <figcaption className="small below">
                {t("patterns.caption", { target: label })}{" "}
                {[
                  image.probability === null ? "" : `${t("patterns.probability")} ${percent(image.probability)}`,
                  image.score === null ? "" : `${t("patterns.score")} ${number(image.score)}`,
                ]
                  .filter(Boolean)
                  .join(" · ")}{" "}
                <MadeBy made={overview.records[set.record]} />
              </figcaption>
            </figure>
          ))}
          {isLive && (
            <details className="more screen-only" open={patterns.length === 0 && cards.length === 0}>
              <summary>{t("form.title")}</summary>
              <MethodForm about={{ target: label }} />
            </details>
          )}
        </section>
        <section>
          <h2>{t("class.confusions")}</h2>
          <p className="caption">{t("class.confusions.caption", { label })}</p>
          {confused.length > 0 ? (
            <Bars items={confused.slice(0, 8).map((one) => ({ ...one, to: href({ page: "class", label: one.label }) }))} />
          ) : (
            <p className="quiet">{t("class.noconfusions")}</p>
          )}
        </section>
      </div>
      {cards.length > 0 && <Looks source={source} cards={cards} label={label} />}
    </>
  );
}

/** What the network looks at for this class, over many photographs. */
function Looks({ source, cards, label }: { source: Source; cards: PhotographCard[]; label: string }) {
  const { t, percent } = useSpeech();
  const [controls] = useState(() => new Controls());
  const [most, setMost] = useState(MOST);
  const shown = cards.slice(0, most);
  const asked = shown.map((card) => source.page("photograph", card.id)); // all at once, before the first is waited for
  const photographs = asked.map((page) => use(page));
  const any = photographs.some((p) => explanations(p).some((e) => e.heatmap.target === label));
  return (
    <section>
      <h2>{t("class.looks")}</h2>
      <p className="caption">{t("class.looks.caption", { label })}</p>
      {any && <Sliders controls={controls} common={false} />}
      <ul className="tiles broad">
        {photographs.map((photograph, i) => {
          const card = shown[i];
          const e = explanations(photograph).find((one) => one.heatmap.target === label);
          return (
            <li key={photograph.id}>
              <a href={href({ page: "image", image: photograph.id })} className="plain">
                {e ? (
                  <HeatStage photograph={photograph} heatmap={e.heatmap} controls={controls} />
                ) : (
                  <Image picture={photograph.picture} alt={t("image.photograph.alt", { name: photograph.name })} />
                )}
              </a>
              <div className="row below">
                <span>
                  <strong>{card ? percent(share(card, label)) : ""}</strong> <span className="quiet small">{photograph.name}</span>
                </span>
                {e ? <MadeBy made={photograph.records[e.record]} image={photograph.id} /> : <span className="quiet small">{t("class.noheat")}</span>}
              </div>
            </li>
          );
        })}
      </ul>
      {isLive && (
        <details className="more screen-only">
          <summary>{t("class.make")}</summary>
          <MethodForm about={{ images: shown.map((card) => card.id), target: label }} />
        </details>
      )}
      {cards.length > most && (
        <button type="button" onClick={() => setMost(most + MOST)}>
          {t("more.n", { n: cards.length - most })}
        </button>
      )}
    </section>
  );
}
