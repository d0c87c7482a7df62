// What stands above every page: the pages there are, the search, language and theme.
import { pages } from "../core/pages";
import { href, type Route } from "../core/routes";
import { change, useSettings, type Theme } from "../core/settings";
import type { Overview } from "../generated/document";
import { languages, useSpeech, type Language } from "../i18n";
import { Search } from "./search";

const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const SIGNS: { [T in Theme]: string } = { auto: "◐", light: "○", dark: "●" };

export function Header({ overview, route }: { overview: Overview; route: Route }) {
  const { t } = useSpeech();
  const { language, theme } = useSettings();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
  return (
    <header className="top screen-only">
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
        {pages().map(([name, { nav }]) => {
          const to = nav?.to(overview);
          return (
            nav &&
            to && (
              <a key={name} href={href(to)} className={nav.more && "working"} aria-current={route.page === name ? "page" : undefined}>
                {t(nav.word)}
                {nav.more && <nav.more />}
              </a>
            )
          );
        })}
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
        <button type="button" className="theme square" aria-label={t(`theme.${theme}`)} title={t(`theme.${theme}`)} onClick={() => void change({ theme: next })}>
          <span aria-hidden="true">{SIGNS[theme]}</span>
        </button>
      </span>
    </header>
  );
}
