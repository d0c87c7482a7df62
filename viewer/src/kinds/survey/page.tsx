import type { Overview, SurveyLayerRow, SurveyPage as Page } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";
import { size } from "../network/layers";
import { ExperimentCards } from "../experiment/cards";
import { SurveyCards } from "./cards";
import { ZEILER } from "./paper";
import { Explain, Facts, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";

export default function SurveyPage({ overview, survey }: { overview: Overview; survey: Page }) {
  const speech = useSpeech();
  const { t, integer } = speech;
  const network = overview.networks.find((n) => n.fingerprint === survey.network);
  const card = overview.surveys.find((s) => s.id === survey.id);
  const others = overview.surveys.filter((s) => s.id !== survey.id);
  const units = survey.layers.reduce((sum, row) => sum + row.units, 0);
  const faults = [...new Set(survey.layers.flatMap((row) => Object.keys(row.faults)))];
  const experiments = overview.experiments.filter((e) => e.network === survey.network);
  const facts: [string, React.ReactNode][] = [
    [t("survey.dataset"), survey.dataset],
    [t("survey.images"), integer(survey.read)],
    [t("survey.classes"), survey.classes.length ? integer(survey.classes.length) : t("survey.unlabelled")],
    [t("units"), integer(units)],
    [t("survey.kept"), integer(survey.top_k)],
    [t("survey.unreadable"), integer(survey.unreadable)],
  ];
  return (
    <>
      <header className="page-head">
        <h1>{t("survey.title", { name: network?.name ?? "" })}</h1>
        <p className="lead">
          {survey.dataset} · <MadeBy made={overview.records[survey.record]} />
        </p>
        <Explain text="survey.explain" paper={ZEILER} />
      </header>
      <Facts items={facts} />
      {survey.health && card?.findings !== null && (
        <p className="health-line over">
          <a href={href({ page: "health", survey: survey.id })}>
            <strong>{t("survey.health")}</strong>{" "}
            {card?.findings ? t(card.findings === 1 ? "survey.findings.one" : "survey.findings.many", { n: card.findings }) : t("survey.findings.none")} →
          </a>
        </p>
      )}
      <section className="layers survey-layers">
        <div className="row-head">
          <h2>{t("network.layers")}</h2>
          <span className="quiet">{t("survey.layers.hint")}</span>
        </div>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("layer")}</th>
              <th scope="col">{t("layer.kind")}</th>
              <th scope="col" className="field">{t("layer.field")}</th>
              <th scope="col" className="shape">{t("units")}</th>
              <th scope="col" className="shape">{t("survey.examples")}</th>
              <th scope="col">{t("survey.active.head")}</th>
              {faults.map((fault) => (
                <th key={fault} scope="col" className="shape">
                  {t(`fault.${fault}` as Key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {survey.layers.map((row) => (
              <tr key={row.name} style={{ height: 34 }}>
                <th scope="row" className="name">
                  <a href={href({ page: "survey-layer", survey: survey.id, layer: row.name })}>{row.name}</a>
                </th>
                <td>{row.kind}</td>
                <td className="field">{row.receptive_field ? size(row.receptive_field) : <span className="quiet">–</span>}</td>
                <td className="shape">{integer(row.units)}</td>
                <td className="shape">{row.examples ? integer(row.examples) : <span className="quiet">–</span>}</td>
                <td>
                  <Active row={row} />
                </td>
                {faults.map((fault) => (
                  <td key={fault} className="shape">
                    <Count survey={survey.id} row={row} fault={fault} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        <p className="caption below">{t("survey.active.caption")}</p>
      </section>
      {experiments.length > 0 && (
        <section>
          <h2>{t("experiments")}</h2>
          <ExperimentCards cards={experiments} />
        </section>
      )}
      {survey.skipped.length > 0 && (
        <section>
          <h2>{t("survey.skipped", { n: survey.unreadable })}</h2>
          <ul className="lined">
            {survey.skipped.map((item, i) => (
              <li key={i}>
                <strong>{item.name}</strong> <span className="quiet">{item.reason}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {others.length > 0 && (
        <section>
          <h2>{t("survey.others")}</h2>
          <SurveyCards overview={overview} cards={others} />
        </section>
      )}
    </>
  );
}

/** Minimum, quartiles and maximum of the units' shares, on one scale from 0 to 1. */
function Active({ row }: { row: SurveyLayerRow }) {
  const { t, percent } = useSpeech();
  const [low, first, middle, third, high] = row.active;
  if (low === undefined || first === undefined || middle === undefined || third === undefined || high === undefined) return <span className="quiet">–</span>;
  const at = (share: number) => `${100 * share}%`;
  return (
    <span className="bar spread" role="img" aria-label={t("survey.active.alt", { low: percent(low), middle: percent(middle), high: percent(high) })}>
      <span className="whisker" style={{ left: at(low), width: at(high - low) }} />
      <span className="quartiles" style={{ left: at(first), width: at(third - first) }} />
      <span className="median" style={{ left: at(middle) }} />
    </span>
  );
}

function Count({ survey, row, fault }: { survey: string; row: SurveyLayerRow; fault: string }) {
  const { t, integer } = useSpeech();
  const n = row.faults[fault];
  if (n === undefined)
    return (
      <span className="quiet" title={t("survey.notlooked")}>
        –
      </span>
    );
  return n ? <a href={href({ page: "survey-layer", survey, layer: row.name, show: fault })}>{integer(n)}</a> : <span className="quiet">0</span>;
}

