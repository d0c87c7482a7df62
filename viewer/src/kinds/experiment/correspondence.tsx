import type { CorrespondencePage } from "../../generated/document";
import { useSpeech } from "../../i18n";

export function Correspondence({ view }: { view: CorrespondencePage }) {
  const { t, number, integer } = useSpeech();
  const layers = Object.keys(view.means);
  const row = (layer: string, part: string) => ({ mean: view.means[layer]?.[part] ?? 0, error: view.errors[layer]?.[part] ?? 0, pairs: view.pairs[layer]?.[part] ?? 0 });
  const most = Math.max(...layers.flatMap((layer) => view.parts.map((part) => row(layer, part).mean + row(layer, part).error)), 1e-9);
  return (
    <section>
      {layers.map((layer) => (
        <figure key={layer} className="correspondence over">
          <figcaption className="mono">{layer}</figcaption>
          <ul className="lined rows small">
            {view.parts.map((part) => {
              const { mean, error, pairs } = row(layer, part);
              const control = part === view.control;
              return (
                <li key={part} className={control ? "dim" : undefined}>
                  <span className="part">{control ? t("correspondence.control") : part}</span>
                  <span className="bar" aria-hidden="true">
                    <span style={{ width: `${(100 * mean) / most}%` }} />
                    <span className="error" style={{ left: `${(100 * (mean - error)) / most}%`, width: `${(200 * error) / most}%` }} />
                  </span>
                  <span className="number">
                    {number(mean)} ± {number(error)}
                  </span>
                  <span className="quiet">{t("correspondence.pairs", { n: integer(pairs) })}</span>
                </li>
              );
            })}
          </ul>
        </figure>
      ))}
      <p className="caption">{t("correspondence.caption")}</p>
    </section>
  );
}
