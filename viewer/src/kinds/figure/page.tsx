// A result of sequences that is one figure: attention, steps, interventions, losses, state space, responses (of one network and of two), automaton.
import type { FigurePage, Overview } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";
import { Explain, Facts, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { AttentionFigure } from "./attention";
import { AutomatonFigure } from "./automaton";
import { InterventionFigure } from "./intervention";
import { LossesFigure } from "./losses";
import { ResponseSimilarityFigure } from "./response-similarity";
import { ResponsesFigure } from "./responses";
import { SpaceFigure } from "./space";
import { StepsFigure } from "./steps";
import { sequenceName } from "../../parts/sequence/names";
import { factsOf } from "../sequences/page";

type Shown = FigurePage["shown"];

export function FigureView({ overview, page }: { overview: Overview; page: FigurePage }) {
  const speech = useSpeech();
  const { t } = speech;
  const made = page.records[page.record];
  const { shown } = page;
  const sequence = "read" in shown ? shown.read.sequence : null;
  const card = overview.sequences.find((one) => one.id === sequence);
  const given = "read" in shown ? (made?.data[0]?.name as string | null | undefined) : null;
  const result = overview.sequence_results.find((one) => one.id === page.record);
  const told = shown.kind === "attention" ? factsOf(result?.facts ?? {}, speech) : [];
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "sequences" })}>← {t("nav.back", { name: t("nav.sequences") })}</a>
      </nav>
      <header className="page-head tight">
        <h1>{t(`nav.${shown.kind}`)}</h1>
        <p className="lead">
          {card && (
            <>
              <a href={href({ page: "sequence", sequence: card.id })}>{card.beginning && card.steps <= 40 ? `“${card.beginning}”` : sequenceName(speech, card.name)}</a> ·{" "}
            </>
          )}
          {!card && given && `${sequenceName(speech, given)} · `}
          {overview.networks.find((n) => n.fingerprint === page.network)?.name} · <MadeBy made={made} />
        </p>
        <Explain text={`figure.${shown.kind}` as Key} paper={made?.paper} />
      </header>
      <section className="sequence-figure">
        {told.length > 0 && <Facts items={told} />}
        <Figure shown={shown} record={page.record} />
      </section>
    </>
  );
}

function Figure({ shown, record }: { shown: Shown; record: string }) {
  switch (shown.kind) {
    case "attention":
      return <AttentionFigure view={shown} />;
    case "steps":
      return <StepsFigure view={shown} record={record} />;
    case "intervention":
      return <InterventionFigure view={shown} />;
    case "losses":
      return <LossesFigure view={shown} />;
    case "state_space":
      return <SpaceFigure view={shown} />;
    case "responses":
      return <ResponsesFigure view={shown} />;
    case "response-similarity":
      return <ResponseSimilarityFigure view={shown} />;
    case "automaton":
      return <AutomatonFigure view={shown} />;
  }
}
