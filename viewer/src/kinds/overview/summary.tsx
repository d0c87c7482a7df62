// The first things to know of a workspace: which units look sick, which network, which data, what was computed.
import type { ReactNode } from "react";
import type { Overview } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";
import { href } from "../../core/routes";
import { folder } from "../../core/source";
import { NetworkCard } from "../../parts/cards";
import { Facts } from "../../parts/words";

export function Summary({ overview }: { overview: Overview }) {
  const { t, maybe, integer } = useSpeech();
  const { networks } = overview;
  const [only] = networks;
  const data = useData(overview);
  const computed = methods(overview);
  return (
    <>
      <Health overview={overview} />
      {/* Photographs are shown before the rest is made: what is to come keeps its place. */}
      {(only || data.length > 0 || computed.length > 0) && (
        <div className={only ? "summary" : "summary hold"}>
          {only && (
            <section>
              <div className="row-head">
                <h2>{t("network")}</h2>
                {networks.length === 1 && <a href={href({ page: "network", network: only.id.slice(0, 16) })}>{t("overview.network.more")}</a>}
              </div>
              {networks.length === 1 ? (
                <NetworkCard network={only} rows />
              ) : (
                <Facts
                  rows
                  items={networks.map((network) => [
                    network.name,
                    <a href={href({ page: "network", network: network.id.slice(0, 16) })}>
                      {t("overview.network.size", { parameters: network.parameters, layers: network.layers.length })}
                    </a>,
                  ])}
                />
              )}
            </section>
          )}
          <div>
            {data.length > 0 && (
              <section>
                <h2>{t("data")}</h2>
                <Facts rows items={data} />
              </section>
            )}
            {computed.length > 0 && (
              <section>
                <h2>{t("overview.computed")}</h2>
                <ul className="tally">
                  {computed.map(([method, count]) => (
                    <li key={method}>
                      {maybe(`method.${method}`, method)} <span className="quiet">{integer(count)}</span>
                    </li>
                  ))}
                </ul>
              </section>
            )}
          </div>
        </div>
      )}
    </>
  );
}

/** What the units' diagnosis found, before everything else. */
function Health({ overview }: { overview: Overview }) {
  const { t, integer } = useSpeech();
  const looked = overview.surveys.filter((card) => card.findings !== null);
  if (looked.length === 0) return null;
  return (
    <section className="health-first" aria-label={t("survey.health")}>
      <ul>
        {looked.map((card) => (
          <li key={card.id} className={card.findings ? "sick" : undefined}>
            <a href={href({ page: "health", survey: card.id })}>
              <strong>{t("survey.health")}</strong>{" "}
              {card.findings ? t(card.findings === 1 ? "survey.findings.one" : "survey.findings.many", { n: card.findings }) : t("survey.findings.none")} →
            </a>
            <span className="quiet">
              {Object.entries(card.faults ?? {})
                .map(([fault, n]) => `${t(`fault.${fault}` as Key)} ${integer(n)}`)
                .join(" · ")}
            </span>
            <span className="quiet">
              {overview.networks.find((n) => n.fingerprint === card.network)?.name} · {card.dataset}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What was looked at, and how much of it. */
function useData(overview: Overview): [string, ReactNode][] {
  const { t, integer } = useSpeech();
  const items: [string, ReactNode][] = [];
  const labels = new Set(overview.photographs.flatMap((card) => (card.best ? [card.best.label] : [])));
  if (overview.photographs.length > 0) items.push([t("photographs"), t("overview.data.photographs", { n: overview.photographs.length, labels: labels.size })]);
  for (const card of overview.surveys)
    items.push([card.dataset, t(card.classes ? "overview.data.survey" : "overview.data.unlabelled", { images: card.images, classes: card.classes ?? 0 })]);
  if (overview.sequences.length > 0) items.push([t("nav.sequences"), integer(overview.sequences.length)]);
  if (folder) items.push([folder.name, t("overview.data.folder", { n: folder.count })]);
  return items;
}

/** Methods by how many results they made. */
function methods(overview: Overview): [string, number][] {
  const counts = new Map<string, number>();
  for (const { method, count } of overview.computed ?? []) counts.set(method, (counts.get(method) ?? 0) + count);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
