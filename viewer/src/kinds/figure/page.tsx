// A result of sequences that is one figure; kinds.ts says which.
import type { FigurePage, Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Explain, Facts, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { sequenceName } from "../../parts/sequence/names";
import { Unknown } from "../../parts/unknown";
import { factsOf } from "../sequences/lists";
import { figureOf } from "./kinds";

export default function FigureView({ overview, page }: { overview: Overview; page: FigurePage }) {
  const speech = useSpeech();
  const { t, maybe } = speech;
  const made = page.records[page.record];
  const { shown } = page;
  const figure = figureOf(shown.kind);
  const sequence = "read" in shown ? shown.read.sequence : null;
  const card = overview.sequences.find((one) => one.id === sequence);
  const given = "read" in shown ? (made?.data[0]?.name as string | null | undefined) : null;
  const result = overview.sequence_results.find((one) => one.id === page.record);
  const told = figure?.facts ? factsOf(result?.facts ?? {}, speech) : [];
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "sequences" })}>← {t("nav.back", { name: t("nav.sequences") })}</a>
      </nav>
      <header className="page-head tight">
        <h1>{maybe(`nav.${shown.kind}`, shown.kind)}</h1>
        <p className="lead">
          {card && (
            <>
              <a href={href({ page: "sequence", sequence: card.id })}>{card.beginning && card.steps <= 40 ? `“${card.beginning}”` : sequenceName(speech, card.name)}</a> ·{" "}
            </>
          )}
          {!card && given && `${sequenceName(speech, given)} · `}
          {overview.networks.find((n) => n.fingerprint === page.network)?.name} · <MadeBy made={made} />
        </p>
        {figure && <Explain text={`figure.${shown.kind}`} paper={made?.paper} />}
      </header>
      <section className="sequence-figure">
        {told.length > 0 && <Facts items={told} />}
        {figure ? <figure.view view={shown as never} record={page.record} /> : <Unknown kind={shown.kind} />}
      </section>
    </>
  );
}
