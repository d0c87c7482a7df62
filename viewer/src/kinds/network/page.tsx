import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { NetworkView, SurveyCard, SurveyPage } from "../../generated/document";
import { useSpeech, type Key } from "../../i18n";
import { arrange, COLUMNS, parseSort, size, writeSort, type Column, type Row } from "./layers";
import { LayerGraph } from "./graph";
import { NetworkCard } from "./card";
import { usePrinting } from "../../parts/printing";
import { Explain } from "../../parts/words";
import { href } from "../../core/routes";
import type { Source } from "../../core/source";

const ROW = 30; // pixels; fixed, so that a long table can be drawn where it is looked at

type Shown = { source: Source; network: NetworkView; find: string; sort: string | undefined; surveys: SurveyCard[] };

export default function NetworkPage({ source, network, find, sort, surveys }: Shown) {
  const { t } = useSpeech();
  const survey = useSurvey(source, surveys[0]?.id);
  return (
    <>
      <header className="page-head">
        <h1>{network.name}</h1>
        <Explain text="network.explain" />
      </header>
      <NetworkCard network={network} />
      {surveys.map((survey) => (
        <p key={survey.id} className="health-line over">
          <a href={href({ page: "survey", survey: survey.id })}>{t("survey.network", { images: survey.images, name: survey.dataset })} →</a>
        </p>
      ))}
      <LayerGraph network={network} survey={survey} choose={(name) => (window.location.hash = href({ page: "network", network: network.id.slice(0, 16), find: name }))} key={`graph ${network.id}`} />
      <Layers network={network} find={find} sort={sort} survey={surveys[0]} key={network.id} />
      {Object.keys(network.refused).length > 0 && (
        <section>
          <h2>{t("network.refused")}</h2>
          <ul className="lined">
            {Object.entries(network.refused).map(([name, reason]) => (
              <li key={name}>
                <strong>{name}</strong> <span className="quiet">{reason}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** A survey's numbers, as soon as they are there: the page does not wait for them. */
function useSurvey(source: Source, id: string | undefined): SurveyPage | undefined {
  const [found, setFound] = useState<SurveyPage>();
  useEffect(() => {
    let gone = false;
    if (id) source.page("survey", id).then((page) => gone || setFound(page), () => undefined);
    return () => void (gone = true);
  }, [source, id]);
  return found;
}

const HEADS: { [C in Column]: Key } = {
  order: "layer.order",
  name: "layer",
  kind: "layer.kind",
  shape: "output",
  field: "layer.field",
  stride: "layer.stride",
  parameters: "parameters",
};

function Layers({ network, find, sort: sorted, survey }: Omit<Shown, "surveys" | "source"> & { survey: SurveyCard | undefined }) {
  const { t, integer } = useSpeech();
  const [text, setText] = useState(find);
  const wanted = useDeferredValue(text);
  const sort = parseSort(sorted);
  const rows = useMemo(() => arrange(network.layers, wanted, parseSort(sorted)), [network, wanted, sorted]);
  const place = (changed: { find?: string; sort?: string | undefined }) => {
    const next = { find: text, sort: sorted, ...changed };
    return href({
      page: "network",
      network: network.id.slice(0, 16),
      ...(next.find ? { find: next.find } : {}),
      ...(next.sort ? { sort: next.sort } : {}),
    });
  };
  return (
    <section className="layers">
      <div className="row-head">
        <h2>{t("network.layers")}</h2>
        <span className="quiet" aria-live="polite">
          {t("network.shown", { n: rows.length, total: network.layers.length })}
        </span>
        <input
          type="search"
          value={text}
          placeholder={t("network.find.hint")}
          aria-label={t("network.find")}
          onChange={(event) => {
            setText(event.target.value);
            window.history.replaceState(null, "", place({ find: event.target.value }));
          }}
        />
      </div>
      <table>
        <thead>
          <tr>
            {COLUMNS.map((column) => {
              const active = sort.column === column;
              const next = writeSort({ column, down: active ? !sort.down : column !== "order" && column !== "name" && column !== "kind" });
              return (
                <th key={column} scope="col" className={column} aria-sort={active ? (sort.down ? "descending" : "ascending") : "none"}>
                  <a href={place({ sort: next })}>
                    {t(HEADS[column])}
                    <span aria-hidden="true">{active ? (sort.down ? " ↓" : " ↑") : ""}</span>
                  </a>
                </th>
              );
            })}
          </tr>
        </thead>
        <Body rows={rows} survey={survey} />
      </table>
      {rows.length === 0 && <p className="quiet">{t("network.none")}</p>}
      <p className="quiet below end">
        {t("parameters")}: {integer(network.parameters)}
      </p>
    </section>
  );
}

/** Only the rows in sight are in the page, except on paper. */
function Body({ rows, survey }: { rows: Row[]; survey: SurveyCard | undefined }) {
  const { integer } = useSpeech();
  const body = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  const printing = usePrinting();
  useLayoutEffect(() => setTop((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY), []);
  const virtual = useWindowVirtualizer({ count: rows.length, estimateSize: () => ROW, overscan: 20, scrollMargin: top });
  const items = virtual.getVirtualItems();
  const first = printing ? 0 : (items[0]?.index ?? 0);
  const last = printing ? rows.length : (items.at(-1)?.index ?? -1) + 1;
  return (
    <tbody ref={body}>
      {first > 0 && <tr aria-hidden="true" style={{ height: first * ROW }} />}
      {rows.slice(first, last).map((row) => (
        <tr key={row.order} style={{ height: ROW }}>
          <td className="order quiet">{integer(row.order)}</td>
          <th scope="row" className="name">
            <span style={{ paddingInlineStart: `${Math.min(8, row.depth) * 10}px` }}>
              {survey?.names.includes(row.name) ? <a href={href({ page: "survey-layer", survey: survey.id, layer: row.name })}>{row.name}</a> : row.name}
            </span>
          </th>
          <td className="kind">{row.kind}</td>
          <td className="shape">{row.shape.join(" × ")}</td>
          <td className="field">{row.receptive_field ? size(row.receptive_field.size) : <span className="quiet">–</span>}</td>
          <td className="stride">{row.receptive_field ? size(row.receptive_field.stride) : <span className="quiet">–</span>}</td>
          <td className="parameters">{row.parameters ? integer(row.parameters) : <span className="quiet">0</span>}</td>
        </tr>
      ))}
      {last < rows.length && <tr aria-hidden="true" style={{ height: (rows.length - last) * ROW }} />}
    </tbody>
  );
}

