import type { ComparisonPage } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Bars } from "../../parts/words";

export function Comparison({ view }: { view: ComparisonPage }) {
  const { t, number, percent, integer } = useSpeech();
  const maybe = (n: number | null) => (n === null ? "–" : number(n));
  return (
    <>
      <section className="layers">
        <table>
          <thead>
            <tr>
              <th scope="col">{t("layer")}</th>
              <th scope="col" className="shape">{t("units")}</th>
              <th scope="col" className="shape">{t("comparison.weights")}</th>
              <th scope="col" className="shape">{t("comparison.shift")}</th>
              <th scope="col" className="shape">{t("comparison.examples")}</th>
            </tr>
          </thead>
          <tbody>
            {view.layers.map((row) => (
              <tr key={row.name} style={{ height: 28 }}>
                <th scope="row" className="name">{row.name}</th>
                <td className="shape">{integer(row.units)}</td>
                <td className="shape">{maybe(row.weights)}</td>
                <td className="shape">{maybe(row.shift)}</td>
                <td className="shape">{percent(row.examples)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <p className="caption below">{t("comparison.caption")}</p>
      </section>
      {view.classes.length > 0 && (
        <section className="column">
          <h2>{t("comparison.classes", { layer: view.classes_layer ?? "" })}</h2>
          <Bars items={view.classes.slice(0, 12).map((one) => ({ label: one.name, value: one.distance }))} text={(n) => t("survey.above", { n: number(n) })} least={1} />
        </section>
      )}
      {view.layers.map((row, i) => (
        <details key={row.name} className="changed below" open={i === view.layers.length - 1}>
          <summary>{t("comparison.most", { layer: row.name })}</summary>
          <div className="layers">
            <table>
              <thead>
                <tr>
                  <th scope="col">{t("unit")}</th>
                  <th scope="col" className="shape">{t("comparison.weights")}</th>
                  <th scope="col" className="shape">{t("comparison.shift")}</th>
                  <th scope="col" className="shape">{t("comparison.examples")}</th>
                  <th scope="col">{t("comparison.preferred")}</th>
                </tr>
              </thead>
              <tbody>
                {row.most.map((one) => (
                  <tr key={one.unit} style={{ height: 26 }}>
                    <th scope="row">{one.unit}</th>
                    <td className="shape">{maybe(one.weights)}</td>
                    <td className="shape">{maybe(one.shift)}</td>
                    <td className="shape">{percent(one.examples)}</td>
                    <td>{one.before === one.after ? one.before : `${one.before ?? "–"} → ${one.after ?? "–"}`}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      ))}
    </>
  );
}
