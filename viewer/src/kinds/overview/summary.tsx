// The first things to know of a workspace: which units look sick, which network, which data, what was computed.
import type { ReactNode } from "react";
import type { Overview } from "../../generated/document";
import { pages } from "../../core/pages";
import { useSpeech } from "../../i18n";
import { href } from "../../core/routes";
import { folder } from "../../core/source";
import { NetworkCard } from "../network/card";
import { Facts } from "../../parts/words";

export function Summary({ overview }: { overview: Overview }) {
  const { t, maybe, integer } = useSpeech();
  const { networks } = overview;
  const [only] = networks;
  const data = useData(overview);
  const computed = methods(overview);
  return (
    <>
      {pages().map(([name, { overview: { first: First } = {} }]) => First && <First key={name} overview={overview} />)}
      {/* Photographs are shown before the rest is made: what is to come keeps its place. */}
      {(only || data.length > 0 || computed.length > 0) && (
        <div className={only ? "summary tiles filled over" : "summary tiles filled over hold"}>
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
                <ul className="tally row small">
                  {computed.map(([method, count]) => (
                    <li key={method} className="edged">
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

/** What was looked at, and how much of it. */
function useData(overview: Overview): [string, ReactNode][] {
  const speech = useSpeech();
  const items = pages().flatMap(([, page]) => page.overview?.data?.(overview, speech) ?? []);
  if (folder) items.push([folder.name, speech.t("overview.data.folder", { n: folder.count })]);
  return items;
}

/** Methods by how many results they made. */
function methods(overview: Overview): [string, number][] {
  const counts = new Map<string, number>();
  for (const { method, count } of overview.computed ?? []) counts.set(method, (counts.get(method) ?? 0) + count);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
