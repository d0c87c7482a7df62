import type { InvariancePage } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";
import { Lines, type Curve } from "../../parts/lines";

/** Each photograph thin, their mean thick. */
function curvesOf(each: (number | null)[][]): Curve[] {
  const mean = (each[0] ?? []).map((_, step) => each.reduce((sum, values) => sum + (values[step] ?? NaN), 0) / each.length);
  return [...(each.length > 1 ? each : []).map((values) => ({ values, className: "each" })), { values: mean, className: "mean line" }];
}

export function Invariance({ view }: { view: InvariancePage }) {
  const { t, number, percent } = useSpeech();
  const images = Object.values(view.probabilities)[0]?.length ?? 0;
  return (
    <>
      {Object.entries(view.steps).map(([transform, steps]) => {
        const step = (n: number) => t(`invariance.${transform}.step` as Key, { n: number(n) });
        const layers = Object.entries(view.distances[transform] ?? {});
        const top = Math.max(...layers.flatMap(([, each]) => each.flat().map((v) => v ?? 0)), 1e-9);
        const probabilities = view.probabilities[transform] ?? [];
        return (
          <section key={transform}>
            <h2>{t(`invariance.${transform}` as Key)}</h2>
            <div className="tiles broad">
              {layers.map(([layer, each]) => (
                <figure className="fit" key={layer}>
                  <figcaption className="small">
                    <span className="mono">{layer}</span> <span className="quiet">{t("invariance.distance")}</span>
                  </figcaption>
                  <Lines steps={steps} curves={curvesOf(each)} top={top} alt={t("invariance.distance.alt", { layer })} step={step} value={number} />
                </figure>
              ))}
              <figure className="fit">
                <figcaption className="small">
                  <strong>{t("invariance.probability")}</strong>
                </figcaption>
                <Lines steps={steps} curves={curvesOf(probabilities)} top={1} alt={t("invariance.probability")} step={step} value={percent} />
              </figure>
            </div>
          </section>
        );
      })}
      <p className="caption">{t(images > 1 ? "invariance.caption" : "invariance.caption.one", { n: images })}</p>
    </>
  );
}
