import type { CSSProperties } from "react";
import type { EvolutionPage } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Crop } from "../../parts/picture";

export function Evolution({ view }: { view: EvolutionPage }) {
  const { t, number, maybe } = useSpeech();
  const count = view.checkpoints.length;
  return (
    <section className="evolution tiles" style={{ "--checkpoints": count } as CSSProperties}>
      {view.strips.map((strip) => (
        <figure key={strip.unit}>
          <h2>
            {view.layer} · {t("units.unit", { unit: String(strip.unit) })}
          </h2>
          <ol className="evolution-strip tiles narrow small">
            {view.checkpoints.map((name, i) => {
              const window = { left: i * view.side, top: 0, right: (i + 1) * view.side, bottom: view.side };
              return (
                <li key={name} className={strip.jumps[i] ? "stack close jump" : "stack close"}>
                  <span className="one-line">{name}</span>
                  <Crop picture={strip.patches} window={window} alt={t("evolution.patch.alt", { name, unit: String(strip.unit) })} />
                  <Crop picture={strip.projections} window={window} alt={t("evolution.projection.alt", { name, unit: String(strip.unit) })} />
                  <span className="number">{strip.values[i] === null || strip.values[i] === undefined ? "–" : number(strip.values[i] ?? 0)}</span>
                  <span className="quiet one-line" title={strip.ids[i]}>
                    {strip.ids[i]?.split("/").at(-1)}
                  </span>
                </li>
              );
            })}
          </ol>
          <figcaption className="caption">{t("unit.projection.scale", { high: number(strip.scale.high) })}</figcaption>
        </figure>
      ))}
      <p className="caption whole-row">{t("evolution.caption", { n: count, rule: maybe(`choice.rule.${view.rule}`, view.rule) })}</p>
    </section>
  );
}
