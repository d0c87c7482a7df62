import { Component, Suspense, use, useEffect, useSyncExternalStore, type ReactNode } from "react";
import { Workspace } from "../core/context";
import { later } from "../core/piece";
import { pageAt, type Given, type Read } from "../core/pages";
import { parse, type Route } from "../core/routes";
import { isLive, type Source } from "../core/source";
import { useSpeech, type Key } from "../i18n";
import { Tray } from "../parts/take";
import { Missing } from "../parts/words";
import { Header } from "./header";
import { Shell } from "./shell";
import "./frame.css";

const End = later("end", () => import("./end"));

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

function Page({ source, route }: { source: Source; route: Route }) {
  const overview = use(source.overview());
  const { t } = useSpeech();
  const said: Key | ((route: Route) => string) | undefined = pageAt(route).title;
  const name = typeof said === "function" ? said(route) : said && t(said);
  const title = name ? `${name} · ${overview.title}` : overview.title;
  useEffect(() => {
    document.title = `${title} · Deepro`;
  }, [title]);
  return (
    <Workspace value={overview}>
      <Header overview={overview} route={route} />
      <main id="main" tabIndex={-1}>
        <Suspense fallback={<p className="loading">{t("state.loading")}</p>}>
          <Content source={source} overview={overview} route={route} />
          <End overview={overview} title={name ?? overview.title} />
        </Suspense>
      </main>
      {isLive && <Tray />}
    </Workspace>
  );
}

/** The page of a route, with the data that its record asks for. Its piece is asked for while the data is on the way. */
function Content(given: Given) {
  const { view: View, data, fresh } = pageAt(given.route);
  View.load?.();
  const read: Read = (kind, id) => use(given.source.page(kind, id));
  const found = data?.({ ...given, read }) ?? {};
  if (typeof found === "string") return <Missing name={found} />;
  return <View key={fresh ? JSON.stringify(given.route) : ""} {...given} {...found} />;
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
