// A result of sequences that is one figure: losses, state space, responses, automaton, attention, steps.
import type { FigurePage, Overview } from "../document";
import { useSpeech, type Key } from "../i18n";
import { Image } from "../parts/picture";
import { Explain, Facts, MadeBy } from "../parts/words";
import { href } from "../routes";

export function FigureView({ overview, page }: { overview: Overview; page: FigurePage }) {
  const { t, number, maybe } = useSpeech();
  const made = page.records[page.record];
  const title = maybe(`nav.${page.kind}`, page.kind);
  const result = overview.sequence_results.find((one) => one.id === page.record);
  const facts = Object.entries(result?.facts ?? {}).flatMap(([name, value]): [string, string][] =>
    typeof value === "number" ? [[maybe(`fact.${name}`, name), number(value)]] : [],
  );
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "sequences" })}>← {t("nav.back", { name: t("nav.sequences") })}</a>
      </nav>
      <header className="page-head tight">
        <h1>{title}</h1>
        <p className="lead">
          {overview.networks.find((n) => n.fingerprint === page.network)?.name} · <MadeBy made={made} />
        </p>
        <Explain text={`figure.${page.kind}` as Key} paper={made?.paper} />
      </header>
      <section>
        <Facts items={facts} />
      </section>
      <figure className="sequence-figure">
        <Image picture={page.picture} alt={title} eager />
        <figcaption className="caption">{maybe(`caption.${page.kind}`, "")}</figcaption>
      </figure>
    </>
  );
}
