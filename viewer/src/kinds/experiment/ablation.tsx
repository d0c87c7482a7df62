import type { ReactNode } from "react";
import { href } from "../../core/routes";
import type { AblationPage } from "../../generated/document";
import { useSpeech, type Speech } from "../../i18n";
import { Facts } from "../../parts/words";

const NATS = 0.1; // loss that fills a bar at least

const silenced = (units: { [layer: string]: number[] }) =>
  Object.entries(units)
    .map(([layer, numbers]) => `${layer}#${numbers.slice(0, 6).join(",")}${numbers.length > 6 ? "…" : ""}`)
    .join(" · ");

export function Ablation({ view, survey }: { view: AblationPage; survey: string | undefined }) {
  const { t, number, percent, integer } = useSpeech();
  const untouched = { accuracy: view.accuracy[0] ?? NaN, loss: view.loss[0] ?? NaN };
  const rows = view.silenced
    .map((units, i) => ({ units, accuracy: view.accuracy[i] ?? NaN, loss: view.loss[i] ?? NaN, changed: view.changed[i] ?? NaN, lossError: view.loss_error?.[i], accuracyError: view.accuracy_error?.[i] }))
    .slice(1)
    .sort((a, b) => b.loss - a.loss);
  const facts: [string, ReactNode][] = [
    [t("ablation.accuracy"), percent(untouched.accuracy)],
    [t("ablation.loss"), number(untouched.loss)],
    [t("survey.images"), integer(view.images)],
    [t("ablation.fill"), t(view.fill === "mean" ? "choice.fill.mean" : "choice.fill.zero")],
  ];
  const most = Math.max(...rows.map((row) => Math.abs(row.loss - untouched.loss)), NATS);
  const within = (error: number | null | undefined, text: (n: number) => string) => (typeof error === "number" ? <span className="quiet"> ± {text(error)}</span> : null);
  return (
    <>
      <Facts items={facts} />
      <section className="layers">
        <table>
          <thead>
            <tr>
              <th scope="col">{t("ablation.units")}</th>
              <th scope="col" className="shape">{t("ablation.accuracy.lost")}</th>
              <th scope="col" className="shape">{t("ablation.changed")}</th>
              <th scope="col" className="gained" colSpan={2}>{t("ablation.loss.gained")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, 400).map((row, i) => {
              const gained = row.loss - untouched.loss;
              const only = Object.entries(row.units);
              const [layer, units] = only.length === 1 ? (only[0] ?? []) : [];
              const one = layer !== undefined && units?.length === 1 ? units[0] : undefined;
              return (
                <tr key={i} style={{ height: 28 }}>
                  <th scope="row" className="name">
                    {survey && layer !== undefined && one !== undefined ? <a href={href({ page: "survey-unit", survey, layer, unit: one })}>{silenced(row.units)}</a> : silenced(row.units)}
                  </th>
                  <td className="shape">
                    {signedPercent(untouched.accuracy - row.accuracy, percent)}
                    {within(row.accuracyError, percent)}
                  </td>
                  <td className="shape">{percent(row.changed)}</td>
                  <td className="shape">
                    {number(gained)}
                    {within(row.lossError, number)}
                  </td>
                  <td className={typeof row.lossError === "number" && Math.abs(gained) < 2 * row.lossError ? "cost dim" : "cost"}>
                    <span className="bar">
                      <span className={gained < 0 ? "less" : undefined} style={{ width: `${(100 * Math.abs(gained)) / most}%` }} />
                    </span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
        <p className="caption below">{t("ablation.caption")}</p>
      </section>
    </>
  );
}

const signedPercent = (n: number, percent: Speech["percent"]) => (n < 0 ? `−${percent(-n)}` : percent(n));
