import type { CorrespondencePage } from "../../generated/document";
import { useSpeech } from "../../i18n";

export function Correspondence({ view }: { view: CorrespondencePage }) {
  const { t, number, integer } = useSpeech();
  const layers = [...new Set(view.rows.map((row) => row.layer))];
  const most = Math.max(...view.rows.map((row) => row.mean + row.error), 1e-9);
  return (
    <section>
      {layers.map((layer) => (
        <figure key={layer} className="correspondence">
          <figcaption className="layer-name">{layer}</figcaption>
          <ul>
            {view.parts.map((part) => {
              const row = view.rows.find((one) => one.layer === layer && one.part === part);
              if (!row) return null;
              const control = part === view.control;
              return (
                <li key={part} className={control ? "dim" : undefined}>
                  <span className="part">{control ? t("correspondence.control") : part}</span>
                  <span className="bar" aria-hidden="true">
                    <span style={{ width: `${(100 * row.mean) / most}%` }} />
                    <span className="error" style={{ left: `${(100 * (row.mean - row.error)) / most}%`, width: `${(200 * row.error) / most}%` }} />
                  </span>
                  <span className="number">
                    {number(row.mean)} ± {number(row.error)}
                  </span>
                  <span className="quiet">{t("correspondence.pairs", { n: integer(row.pairs) })}</span>
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
