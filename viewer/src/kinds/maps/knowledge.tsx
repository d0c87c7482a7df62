// What each layer knows of the labels, from first to last, with the controls that keep such numbers honest.
import type { KnowledgeView, Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Explain, MadeBy } from "../../parts/words";
import { MEASURES, NO_CLASS } from "../../generated/tables";
import { rgb, scale } from "../../parts/colours";

// What is drawn over the layers: measure, dashes. The controls are dashed.
const LINES = [
  ["probe", ""],
  ["neighbours", ""],
  ["between_class", "1 4"],
  ["control", "6 4"],
  ["chance", "6 4"],
] as const;
const WIDE = 560;
const HIGH = 250;
const LEFT = 36;

export function Knowledge({ overview, view }: { overview: Overview; view: KnowledgeView }) {
  const { t, maybe, number } = useSpeech();
  const network = overview.networks.find((n) => n.fingerprint === view.network);
  const measures = Object.keys(view.scores).filter((m) => !m.endsWith("_spread"));
  const thousandths = (value: number) => number(Math.round(value * 1000) / 1000);
  if (view.other) return <Between overview={overview} view={view} other={view.other} />;
  return (
    <section className="knowledge">
      <div className="row-head">
        <h2>{t("knowledge.title", { network: network?.name ?? "", n: view.points })}</h2>
        <MadeBy made={overview.records[view.record]} />
      </div>
      <Explain text="knowledge.explain" paper={overview.records[view.record]?.paper} />
      <div className="split">
        <figure className="fit">
          <Lines view={view} />
          <figcaption className="caption">{t("knowledge.caption")}</figcaption>
        </figure>
        {view.similarity && (
          <figure className="fit">
            <Matrix rows={view.layers} columns={view.layers} values={view.similarity} />
            <figcaption className="caption">{t("knowledge.cka")}</figcaption>
          </figure>
        )}
      </div>
      {view.notes.map((note) => (
        <p className="note" key={note}>
          {note}
        </p>
      ))}
      <div className="scroll below" role="region" tabIndex={0} aria-label={t("knowledge.title", { network: network?.name ?? "", n: view.points })}>
        <table className="numbers">
          <thead>
            <tr>
              <th scope="col">{t("layer")}</th>
              {measures.map((m) => (
                <th scope="col" key={m}>
                  {maybe(`knowledge.${m}`, m)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {view.layers.map((layer, i) => (
              <tr key={i}>
                <th scope="row">{layer}</th>
                {measures.map((m) => {
                  const value = view.scores[m]?.[i] ?? null;
                  const spread = view.scores[`${m}_spread`]?.[i];
                  return <td key={m}>{value === null ? "–" : `${thousandths(value)}${typeof spread === "number" ? ` ± ${thousandths(spread)}` : ""}`}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** How alike two networks arrange the same examples. */
function Between({ overview, view, other }: { overview: Overview; view: KnowledgeView; other: string }) {
  const { t } = useSpeech();
  const network = overview.networks.find((n) => n.fingerprint === view.network)?.name ?? "";
  return (
    <section className="knowledge">
      <div className="row-head">
        <h2>{t("similarity.title", { network, other, n: view.points })}</h2>
        <MadeBy made={overview.records[view.record]} />
      </div>
      <Explain text="similarity.explain" paper={overview.records[view.record]?.paper} />
      <div className="split">
        <figure className="fit">
          <Matrix rows={view.layers} columns={view.other_layers ?? []} values={view.similarity ?? []} />
          <figcaption className="caption">{t("similarity.caption", { network, other })}</figcaption>
        </figure>
      </div>
      {view.notes.map((note) => (
        <p className="note" key={note}>
          {note}
        </p>
      ))}
    </section>
  );
}

function Lines({ view }: { view: KnowledgeView }) {
  const { t, percent } = useSpeech();
  const n = view.layers.length;
  const x = (i: number) => LEFT + 14 + (n > 1 ? ((WIDE - LEFT - 28) * i) / (n - 1) : (WIDE - LEFT) / 2);
  const y = (v: number) => 10 + (HIGH - 20) * (1 - Math.min(1, Math.max(0, v)));
  const shown = LINES.filter(([m]) => view.scores[m]?.some((v) => v !== null));
  return (
    <>
      <svg className="knowledge-lines chart" viewBox={`0 0 ${WIDE} ${HIGH + 52}`} role="img" aria-label={t("knowledge.alt", { n })}>
        {[0, 0.25, 0.5, 0.75, 1].map((v) => (
          <g key={v}>
            <line className="axes" x1={LEFT} x2={WIDE} y1={y(v)} y2={y(v)} />
            <text x={LEFT - 6} y={y(v) + 4} textAnchor="end">
              {percent(v)}
            </text>
          </g>
        ))}
        {view.layers.map((layer, i) => (
          <text key={i} className="tick" transform={`translate(${x(i) + 4} ${HIGH + 2}) rotate(-32)`} textAnchor="end" dominantBaseline="middle">
            {layer}
          </text>
        ))}
        {shown.map(([m, dash]) => (
          <g key={m} stroke={MEASURES[m]} fill={MEASURES[m]}>
            <polyline fill="none" strokeWidth={2} strokeDasharray={dash} points={view.scores[m]!.flatMap((v, i) => (v === null ? [] : [`${x(i)},${y(v)}`])).join(" ")} />
            {view.scores[m]!.map((v, i) => v !== null && <circle key={i} cx={x(i)} cy={y(v)} r={3} stroke="none" />)}
          </g>
        ))}
      </svg>
      <ul className="row small">
        {shown.map(([m, dash]) => (
          <li key={m} className="inline">
            <svg width={26} height={10} aria-hidden="true">
              <line x1={1} x2={25} y1={5} y2={5} stroke={MEASURES[m]} strokeWidth={2} strokeDasharray={dash} />
            </svg>
            {t(`knowledge.${m}`)}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Linear CKA: dark is 0, bright is 1; each number stands in its cell where there is room. */
function Matrix({ rows, columns, values }: { rows: string[]; columns: string[]; values: (number | null)[][] }) {
  const { t } = useSpeech();
  const table = scale(false);
  const cell = Math.min(48, 280 / Math.max(rows.length, columns.length));
  const room = 92;
  const [wide, high] = [columns.length * cell, rows.length * cell];
  return (
    <svg
      className="cka chart"
      viewBox={`0 0 ${room + wide + 4} ${high + room}`}
      style={{ maxWidth: room + wide + 4 }}
      role="img"
      aria-label={t("knowledge.cka.alt", { n: rows.length * columns.length })}
    >
      {values.map((row, r) =>
        row.map((v, c) => {
          const [red, green, blue] = table[Math.round(255 * Math.min(1, Math.max(0, v ?? 0)))] ?? rgb(NO_CLASS);
          const light = 0.3 * red + 0.6 * green + 0.1 * blue > 120;
          return (
            <g key={`${r} ${c}`}>
              <rect x={room + c * cell} y={r * cell} width={cell - 1} height={cell - 1} fill={v === null ? "none" : `rgb(${red} ${green} ${blue})`}>
                <title>{`${rows[r]} · ${columns[c]}: ${v === null ? "–" : v.toFixed(3)}`}</title>
              </rect>
              {cell >= 30 && v !== null && (
                <text x={room + (c + 0.5) * cell} y={(r + 0.5) * cell} textAnchor="middle" dominantBaseline="central" className="cka-number" fill={light ? "#111" : "#fff"}>
                  {v.toFixed(2)}
                </text>
              )}
            </g>
          );
        }),
      )}
      <g className="tick">
        {rows.map((layer, i) => (
          <text key={`row ${i}`} x={room - 6} y={(i + 0.5) * cell} textAnchor="end" dominantBaseline="central">
            {layer.slice(-16)}
          </text>
        ))}
        {columns.map((layer, i) => (
          <text key={`column ${i}`} transform={`translate(${room + (i + 0.5) * cell} ${high + 6}) rotate(-40)`} textAnchor="end" dominantBaseline="middle">
            {layer.slice(-16)}
          </text>
        ))}
      </g>
    </svg>
  );
}
