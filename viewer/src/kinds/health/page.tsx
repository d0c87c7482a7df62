import { use } from "react";
import type { FilterTable, FaultView, HealthPage as Health, Overview, SurveyPage } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";
import { Crop } from "../../parts/picture";
import { Explain, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import type { Source } from "../../core/source";
import { Evidence } from "./evidence";
import { placeOf } from "../survey/units";
import { ZEILER } from "../survey/paper";

// The number of a finding that stands against its threshold, and which threshold that is.
const JUDGED: { [fault: string]: [string, string][] } = {
  dead: [["share_images", "dead"]],
  "always on": [["share_active", "always on"]],
  duplicate: [
    ["cosine", "duplicate filters"],
    ["correlation", "duplicate activations"],
  ],
  "high-frequency": [
    ["share_of_power", "high-frequency"],
    ["breadth", "breadth"],
  ],
  aliased: [
    ["share_of_power", "aliased"],
    ["share_of_projected_power", "aliased projections"],
  ],
  broken: [],
};
const FAULTS = Object.keys(JUDGED);
const MOST = 60; // findings of a fault in the page at once

type Shown = { overview: Overview; source: Source; survey: SurveyPage; health: Health };

export default function HealthPage({ overview, source, survey, health }: Shown) {
  const { t, integer } = useSpeech();
  const network = overview.networks.find((n) => n.fingerprint === survey.network);
  const faults = FAULTS.filter((fault) => health.findings.some((f) => f.fault === fault));
  const looked = FAULTS.filter((fault) => Object.values(health.examined).some((names) => names.includes(fault)));
  const units = survey.layers.reduce((all, layer) => all + layer.units, 0);
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "survey", survey: survey.id })}>← {t("survey.all")}</a>
      </nav>
      <header className="page-head tight">
        <h1>{t("survey.health")}</h1>
        <p className="lead">
          {network?.name} · {t("survey.card", { units, layers: survey.layers.length, images: survey.read })} · <MadeBy made={overview.records[health.record]} />
        </p>
        <Explain text="health.explain" paper={ZEILER} />
      </header>
      {faults.length === 0 && (
        <p className="over">
          <strong>{t("health.good")}</strong> {t("health.good.looked", { faults: looked.map((f) => t(`fault.${f}` as Key)).join(t("list.comma")) })}
        </p>
      )}
      {faults.map((fault) => (
        <Fault key={fault} source={source} survey={survey} health={health} fault={fault} />
      ))}
      {health.filters.map((table) => (
        <Filters key={table.layer} survey={survey} health={health} table={table} />
      ))}
      <section>
        <h2>{t("health.thresholds")}</h2>
        <dl className="facts listed">
          {looked.map((fault) => (
            <div key={fault}>
              <dt>{t(`fault.${fault}` as Key)}</dt>
              <dd>
                <Threshold health={health} fault={fault} />{" "}
                <span className="quiet">{t("health.looked", { n: integer(Object.values(health.examined).filter((names) => names.includes(fault)).length) })}</span>
              </dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  );
}

function Threshold({ health, fault }: { health: Health; fault: string }) {
  const { t, percent, number } = useSpeech();
  const limit = (name: string) => health.thresholds[name] ?? 0;
  return (
    <>
      {t(fault === "dead" && limit("dead") === 0 ? "threshold.dead.none" : (`threshold.${fault}` as Key), {
        a: fault === "duplicate" ? number(limit("duplicate filters")) : percent(limit(fault)),
        b: fault === "duplicate" ? number(limit("duplicate activations")) : fault === "high-frequency" ? number(limit("breadth")) : percent(limit("aliased projections")),
      })}
    </>
  );
}

function Fault({ source, survey, health, fault }: { source: Source; survey: SurveyPage; health: Health; fault: string }) {
  const { t } = useSpeech();
  const found = health.findings.filter((f) => f.fault === fault);
  const shown = found.slice(0, MOST);
  return (
    <section className="fault">
      <div className="row-head">
        <h2>
          {t(`fault.${fault}` as Key)} <span className="quiet">{t("units.n", { n: found.length })}</span>
        </h2>
      </div>
      <p className="prose small">
        <Threshold health={health} fault={fault} /> <strong>{t("health.do")}</strong> {t(`suggestion.${fault}` as Key)}
      </p>
      <ul className="findings tiles broad">
        {shown.map((one) => (
          <li className="beside small" key={`${one.layer}#${one.unit}`}>
            <Face source={source} survey={survey} found={one} health={health} />
            <span className="stack close">
              <a href={href({ page: "survey-unit", survey: survey.id, layer: one.layer, unit: one.unit })}>
                <span className="mono">{one.layer}</span> · <strong>{one.unit}</strong>
              </a>
              <Evidence found={one} survey={survey.id} />
            </span>
          </li>
        ))}
      </ul>
      {found.length > shown.length && <p className="caption">{t("health.more", { n: found.length - shown.length })}</p>}
    </section>
  );
}

/** The evidence as a picture: filter and spectrum, the two that are alike, or the unit's examples. */
function Face({ source, survey, found, health }: { source: Source; survey: SurveyPage; found: FaultView; health: Health }) {
  const { t } = useSpeech();
  const table = health.filters.find((f) => f.layer === found.layer && found.unit < f.high.length);
  if (table && ["high-frequency", "aliased", "duplicate"].includes(found.fault)) {
    const units = [found.unit, ...(found.evidence.of === undefined || found.evidence.of === null ? [] : [found.evidence.of])];
    return (
      <span className="face">
        {units.map((unit) => (
          <Crop key={unit} picture={table.filters} window={squareOf(table, unit)} alt={t("health.filter.alt", { unit: String(unit), layer: table.layer })} />
        ))}
        {found.fault !== "duplicate" && <Crop picture={table.spectra} window={squareOf(table, found.unit)} alt={t("health.spectrum.alt", { unit: String(found.unit), layer: table.layer })} />}
      </span>
    );
  }
  return <Examples source={source} survey={survey} found={found} />;
}

function Examples({ source, survey, found }: { source: Source; survey: SurveyPage; found: FaultView }) {
  const row = survey.layers.find((one) => one.name === found.layer);
  if (!row || row.examples === 0 || ["dead", "broken"].includes(found.fault)) return null;
  const layer = use(source.page("survey_layer", row.page));
  const units = [found.unit, ...(found.evidence.of === undefined || found.evidence.of === null ? [] : [found.evidence.of])];
  const places = units.map((unit) => placeOf(layer, unit));
  if (places.some((place) => place === undefined)) return null;
  return (
    <span className="face">
      {places.map((place, i) => place && <Crop key={i} picture={found.fault === "aliased" ? place.block.projections : place.block.patches} window={place.window} alt="" />)}
    </span>
  );
}

const squareOf = (table: FilterTable, unit: number) => {
  const [left, top] = [(unit % table.columns) * table.side, Math.floor(unit / table.columns) * table.side];
  return { left, top, right: left + table.side, bottom: top + table.side };
};

/** All filters that look at the input, each above its spectrum. */
function Filters({ survey, health, table }: { survey: SurveyPage; health: Health; table: FilterTable }) {
  const { t, percent } = useSpeech();
  const sick = new Set(health.findings.filter((f) => f.layer === table.layer).map((f) => f.unit));
  const stride = Math.max(...table.stride);
  return (
    <section>
      <div className="row-head">
        <h2>{t("health.filters", { layer: table.layer })}</h2>
        <span className="quiet">{t("health.filters.size", { size: table.size.join(" × "), stride })}</span>
      </div>
      <ul className="filters tiles">
        {table.high.map((high, unit) => (
          <li key={unit}>
            <a
              href={href({ page: "survey-unit", survey: survey.id, layer: table.layer, unit })}
              className={sick.has(unit) ? "plain sick" : "plain"}
              title={t("health.filter.title", { unit: String(unit), high: percent(high), aliased: percent(table.aliased[unit] ?? 0) })}
            >
              <Crop picture={table.filters} window={squareOf(table, unit)} alt={t("health.filter.alt", { unit: String(unit), layer: table.layer })} />
              <Crop picture={table.spectra} window={squareOf(table, unit)} alt={t("health.spectrum.alt", { unit: String(unit), layer: table.layer })} />
              <span>{unit}</span>
            </a>
          </li>
        ))}
      </ul>
      <p className="caption">{t("health.filters.caption")}</p>
    </section>
  );
}
