import type { InvariancePage, Line } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";
import { Lines, type Curve } from "../../parts/lines";

/** Each photograph thin, their mean thick. */
const curvesOf = ({ each, mean }: Line): Curve[] => [...(each.length > 1 ? each : []).map((values) => ({ values, className: "each" })), { values: mean, className: "mean" }];

export function Invariance({ view }: { view: InvariancePage }) {
  const { t, number, percent } = useSpeech();
  return (
    <>
      {view.curves.map((curves) => {
        const step = (n: number) => t(`invariance.${curves.transform}.step` as Key, { n: number(n) });
        const layers = Object.entries(curves.distances);
        const top = Math.max(...layers.flatMap(([, line]) => line.each.flat().map((v) => v ?? 0)), 1e-9);
        return (
          <section key={curves.transform}>
            <h2>{t(`invariance.${curves.transform}` as Key)}</h2>
            <div className="curves">
              {layers.map(([layer, line]) => (
                <figure key={layer}>
                  <figcaption>
                    <span className="layer-name">{layer}</span> <span className="quiet">{t("invariance.distance")}</span>
                  </figcaption>
                  <Lines steps={curves.steps} curves={curvesOf(line)} top={top} alt={t("invariance.distance.alt", { layer })} step={step} value={number} />
                </figure>
              ))}
              <figure>
                <figcaption>
                  <strong>{t("invariance.probability")}</strong>
                </figcaption>
                <Lines steps={curves.steps} curves={curvesOf(curves.probability)} top={1} alt={t("invariance.probability")} step={step} value={percent} />
              </figure>
            </div>
          </section>
        );
      })}
      <p className="caption">{t(view.images > 1 ? "invariance.caption" : "invariance.caption.one", { n: view.images })}</p>
    </>
  );
}
