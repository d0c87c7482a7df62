import { Component, Suspense, use, useEffect, useSyncExternalStore, type ReactNode } from "react";
import { Workspace } from "../core/context";
import type { Overview } from "../generated/document";
import { languages, useSpeech, type Key, type Language } from "../i18n";
import {
  AtlasPage,
  CellsView,
  expect,
  ExperimentPage,
  FigureView,
  HealthPage,
  JobsPage,
  MapPage,
  MapsPage,
  MatchesView,
  MemoryView,
  NetworkPage,
  SequenceView,
  SurveyLayerPage,
  SurveyPage,
  SurveyUnitPage,
} from "../families";
import { AboutPage } from "../kinds/about/page";
import { ClassPage } from "../kinds/class/page";
import { ComparePage } from "../kinds/compare/page";
import { ImagePage } from "../kinds/image/page";
import { NeuronPage } from "../kinds/neuron/page";
import { OverviewPage } from "../kinds/overview/page";
import { PatternsPage } from "../kinds/patterns/page";
import { pageOf, SequencesPage } from "../kinds/sequences/page";
import { UnitPage } from "../kinds/unit/page";
import { Search } from "./search";
import { Shell, Working } from "./shell";
import { Tray } from "../parts/take";
import { Missing } from "../parts/words";
import { href, parse, type Route } from "../core/routes";
import { change, useSettings, type Theme } from "../core/settings";
import { isLive, type Source } from "../core/source";
import { findUnit } from "../kinds/image/units";

function useRoute(): { route: Route; hash: string } {
  const hash = useSyncExternalStore(
    (changed) => {
      window.addEventListener("hashchange", changed);
      return () => window.removeEventListener("hashchange", changed);
    },
    () => window.location.hash,
  );
  return { route: parse(hash), hash };
}

export function App({ source }: { source: Source }) {
  const { route, hash } = useRoute();
  const { t } = useSpeech();
  const version = useSyncExternalStore(source.subscribe, source.version);
  const page = hash.split("?")[0];
  useEffect(() => {
    // A new page begins at its top; the browser itself restores the place when the reader goes back.
    window.scrollTo(0, 0);
  }, [page]);
  return (
    <>
      <Suspense fallback={<p className="loading">{t("state.loading")}</p>}>
        <Guard key={page} version={version}>
          <Page source={source} route={route} />
        </Guard>
      </Suspense>
      {isLive && <Shell />}
    </>
  );
}

const TITLES: { [P in Route["page"]]: Key | null } = {
  overview: null,
  network: "network",
  image: "photographs",
  unit: "units",
  patterns: "patterns",
  maps: "nav.maps",
  map: "nav.maps",
  atlas: "nav.maps",
  survey: "units",
  "survey-layer": "units",
  "survey-unit": "units",
  health: "survey.health",
  experiment: "experiments",
  class: "search.class",
  neuron: "units",
  compare: "nav.compare",
  jobs: "nav.jobs",
  sequences: "nav.sequences",
  sequence: "nav.sequences",
  cells: "nav.cells",
  memory: "nav.memory",
  matches: "nav.matches",
  figure: "nav.sequences",
  about: "about.title",
};

function Page({ source, route }: { source: Source; route: Route }) {
  const overview = use(source.overview());
  const { t } = useSpeech();
  const name = TITLES[route.page];
  const title = route.page === "class" ? `${route.label} · ${overview.title}` : name ? `${t(name)} · ${overview.title}` : overview.title;
  useEffect(() => {
    document.title = `${title} · Deepro`;
  }, [title]);
  return (
    <Workspace value={overview}>
      <Header overview={overview} route={route} />
      <main id="main" tabIndex={-1}>
        <Suspense fallback={<p className="loading">{t("state.loading")}</p>}>
          <Content source={source} overview={overview} route={route} />
        </Suspense>
      </main>
      {isLive && <Tray />}
    </Workspace>
  );
}

function Content({ source, overview, route }: { source: Source; overview: Overview; route: Route }): ReactNode {
  const { t } = useSpeech();
  expect(route.page);
  switch (route.page) {
    case "overview":
      return <OverviewPage overview={overview} />;
    case "network": {
      const wanted = route.network;
      const network = wanted ? overview.networks.find((n) => n.id.startsWith(wanted)) : overview.networks[0];
      return network ? <NetworkPage source={source} network={network} surveys={overview.surveys.filter((s) => s.network === network.fingerprint)} find={route.find ?? ""} sort={route.sort} /> : <Missing name={wanted ?? ""} />;
    }
    case "image":
    case "unit":
      return <Photographed source={source} overview={overview} route={route} />;
    case "patterns": {
      const { record, target } = route;
      return <PatternsPage overview={overview} {...(record ? { record } : {})} {...(target !== undefined ? { target } : {})} />;
    }
    case "maps":
      return <MapsPage overview={overview} />;
    case "atlas":
      if (!overview.atlases.some((card) => card.id === route.atlas)) return <Missing name={route.atlas} />;
      return <AtlasPage overview={overview} page={use(source.page("atlas", route.atlas))} />;
    case "map":
      return <Mapped source={source} overview={overview} route={route} />;
    case "survey":
    case "survey-layer":
    case "survey-unit":
    case "health":
      return <Surveyed source={source} overview={overview} route={route} />;
    case "experiment": {
      if (!overview.experiments.some((card) => card.id === route.experiment)) return <Missing name={route.experiment} />;
      return <ExperimentPage overview={overview} experiment={use(source.page("experiment", route.experiment))} />;
    }
    case "class":
      return <ClassPage source={source} overview={overview} label={route.label} key={route.label} />;
    case "neuron": {
      const network = overview.networks.find((n) => n.id.startsWith(route.network ?? "") && n.layers.some((l) => l.name === route.layer));
      return network ? <NeuronPage overview={overview} network={network} layer={route.layer} unit={route.unit} /> : <Missing name={route.layer} />;
    }
    case "compare":
      return <ComparePage source={source} overview={overview} left={route.left ?? {}} right={route.right ?? {}} />;
    case "jobs":
      return isLive ? <JobsPage /> : <Missing name={t("nav.jobs")} />;
    case "sequences":
      return <SequencesPage overview={overview} />;
    case "sequence":
    case "cells":
    case "memory":
    case "matches":
    case "figure":
      return <Sequenced source={source} overview={overview} route={route} />;
    case "about":
      return <About source={source} overview={overview} record={route.record} image={route.image} />;
  }
}

type Shown = Extract<Route, { page: "image" | "unit" }>;

function Photographed({ source, overview, route }: { source: Source; overview: Overview; route: Shown }) {
  // A live server may have a page that the overview does not know of yet.
  if (!isLive && !overview.photographs.some((card) => card.id === route.image)) return <Missing name={route.image} />;
  const photograph = use(source.page("photograph", route.image));
  if (route.page === "image") return <ImagePage overview={overview} photograph={photograph} region={route.region ?? 0} />;
  const found = findUnit(photograph, route.layer, route.unit, route.rule);
  return found ? <UnitPage photograph={photograph} {...found} /> : <Missing name={`${route.layer} · ${route.unit}`} />;
}

function Mapped({ source, overview, route }: { source: Source; overview: Overview; route: Extract<Route, { page: "map" }> }) {
  if (!overview.maps.some((card) => card.id === route.map)) return <Missing name={route.map} />;
  return <MapPage overview={overview} page={use(source.page("map", route.map))} source={source} route={route} />;
}

type InSurvey = Extract<Route, { page: "survey" | "survey-layer" | "survey-unit" | "health" }>;

function Surveyed({ source, overview, route }: { source: Source; overview: Overview; route: InSurvey }) {
  if (!overview.surveys.some((card) => card.id === route.survey)) return <Missing name={route.survey} />;
  const survey = use(source.page("survey", route.survey));
  if (route.page === "survey") return <SurveyPage overview={overview} survey={survey} />;
  if (route.page === "health") {
    if (!survey.health) return <Missing name={route.survey} />;
    return <HealthPage overview={overview} source={source} survey={survey} health={use(source.page("survey_health", survey.id))} />;
  }
  const row = survey.layers.find((one) => one.name === route.layer);
  if (!row) return <Missing name={route.layer} />;
  const layer = use(source.page("survey_layer", row.page));
  if (route.page === "survey-layer") return <SurveyLayerPage overview={overview} survey={survey} layer={layer} route={route} key={layer.name} />;
  if (route.unit >= layer.units) return <Missing name={`${route.layer} · ${route.unit}`} />;
  return <SurveyUnitPage overview={overview} source={source} survey={survey} layer={layer} page={row.page} unit={route.unit} />;
}

type OfSequences = Extract<Route, { page: "sequence" | "cells" | "memory" | "matches" | "figure" }>;

function Sequenced({ source, overview, route }: { source: Source; overview: Overview; route: OfSequences }) {
  if (route.page === "sequence") {
    if (!overview.sequences.some((card) => card.id === route.sequence)) return <Missing name={route.sequence} />;
    const { page: _page, sequence: id, ...place } = route;
    // Another address of the same sequence is another view: the cell and the range of the address are its own.
    return <SequenceView key={JSON.stringify(route)} source={source} overview={overview} page={use(source.page("sequence", id))} {...place} />;
  }
  if (!overview.sequence_results.some((result) => pageOf(result.kind) === route.page && result.id === route.record)) return <Missing name={route.record} />;
  if (route.page === "cells") return <CellsView overview={overview} page={use(source.page("cells", route.record))} />;
  if (route.page === "memory") return <MemoryView overview={overview} page={use(source.page("memory", route.record))} />;
  if (route.page === "figure") return <FigureView overview={overview} page={use(source.page("figure", route.record))} />;
  return <MatchesView overview={overview} page={use(source.page("matches", route.record))} />;
}

function About({ source, overview, record, image }: { source: Source; overview: Overview; record: string; image: string | undefined }) {
  const { t } = useSpeech();
  const known = image !== undefined && overview.photographs.some((card) => card.id === image);
  const photograph = known ? use(source.page("photograph", image)) : undefined;
  const made = photograph?.records[record] ?? overview.records[record];
  if (!made) return <Missing name={record} />;
  const back = photograph
    ? { name: photograph.name, to: href({ page: "image", image: photograph.id }) }
    : backFrom(overview, record, t);
  return <AboutPage made={made} network={overview.networks.find((n) => n.fingerprint === made.network)} back={back} />;
}

/** The page that shows a record which belongs to no photograph. */
function backFrom(overview: Overview, record: string, t: (key: Key) => string) {
  const map = overview.maps.find((card) => card.record === record);
  if (map) return { name: map.steps[0] ?? map.id, to: href({ page: "map", map: map.id }) };
  const atlas = overview.atlases.find((card) => card.record === record);
  if (atlas) return { name: t("method.atlas"), to: href({ page: "atlas", atlas: atlas.id }) };
  if (overview.knowledge.some((one) => one.record === record)) return { name: t("nav.maps"), to: href({ page: "maps" }) };
  const survey = overview.surveys.find((card) => card.records.includes(record));
  if (survey) return { name: t("units"), to: href({ page: "survey", survey: survey.id }) };
  const experiment = overview.experiments.find((card) => card.record === record);
  if (experiment) return { name: t(`experiment.${experiment.kind}` as Key), to: href({ page: "experiment", experiment: experiment.id }) };
  if (overview.sequence_results.some((one) => one.record === record)) return { name: t("nav.sequences"), to: href({ page: "sequences" }) };
  return { name: t("patterns"), to: href({ page: "patterns" }) };
}

const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const SIGNS: { [T in Theme]: string } = { auto: "◐", light: "○", dark: "●" };

function Header({ overview, route }: { overview: Overview; route: Route }) {
  const { t } = useSpeech();
  const { language, theme } = useSettings();
  const at = (page: Route["page"], label: string) => (
    <a href={href({ page } as Route)} aria-current={route.page === page ? "page" : undefined}>
      {label}
    </a>
  );
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
  return (
    <header className="top">
      <a
        className="skip"
        href={href(route)}
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        {t("nav.skip")}
      </a>
      <a className="wordmark" href={href({ page: "overview" })}>
        Deepro
      </a>
      <nav aria-label={t("nav.main")}>
        {at("overview", t("nav.overview"))}
        {overview.networks.length > 0 && at("network", t("network"))}
        {overview.surveys[0] && (
          <a href={href({ page: "survey", survey: overview.surveys[0].id })} aria-current={route.page === "survey" ? "page" : undefined}>
            {t("units")}
          </a>
        )}
        {overview.patterns.length > 0 && at("patterns", t("patterns"))}
        {(overview.sequences.length > 0 || overview.sequence_results.length > 0) && at("sequences", t("nav.sequences"))}
        {overview.maps.length + overview.knowledge.length + overview.atlases.length > 0 && at("maps", t("nav.maps"))}
        {overview.photographs.length > 1 && at("compare", t("nav.compare"))}
        {isLive && <Working current={route.page === "jobs"} />}
      </nav>
      <Search overview={overview} />
      <span className="top-end">
        <select aria-label={t("settings.language")} value={language} onChange={(event) => void change({ language: event.target.value as Language })}>
          {(Object.keys(languages) as Language[]).map((code) => (
            <option key={code} value={code} lang={code}>
              {languages[code].name}
            </option>
          ))}
        </select>
        <button type="button" className="theme" aria-label={t(`theme.${theme}`)} title={t(`theme.${theme}`)} onClick={() => void change({ theme: next })}>
          <span aria-hidden="true">{SIGNS[theme]}</span>
        </button>
      </span>
    </header>
  );
}

/** A page that cannot be read says so; the others still open. */
class Guard extends Component<{ children: ReactNode; version: number }, { failed: string | null }> {
  override state = { failed: null as string | null };

  override componentDidUpdate(before: { version: number }) {
    if (before.version !== this.props.version && this.state.failed !== null) this.setState({ failed: null });
  }

  static getDerivedStateFromError(error: unknown) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    return this.state.failed === null ? this.props.children : <main id="main"><Missing name={this.state.failed} /></main>;
  }
}
