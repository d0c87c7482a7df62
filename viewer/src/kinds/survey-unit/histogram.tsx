// How many images have their largest value in each half octave. The first bar is "not above zero".
import { useSpeech } from "../../i18n";

const HEIGHT = 96;

export function Histogram({ counts, first, edges }: { counts: number[]; first: number; edges: number[] }) {
  const { t, number, integer } = useSpeech();
  const silent = first === 0 ? (counts[0] ?? 0) : 0;
  const bars = first === 0 ? counts.slice(1) : counts;
  const start = Math.max(1, first);
  const from = bars.findIndex((n) => n > 0);
  const shown = from < 0 ? [] : bars.slice(from);
  const most = Math.max(1, silent, ...shown);
  const height = (n: number) => (n ? Math.max(2, (HEIGHT * n) / most) : 0);
  const low = edges[start + Math.max(0, from)] ?? 0;
  const high = edges[start + Math.max(0, from) + shown.length] ?? Infinity;
  const total = counts.reduce((a, b) => a + b, 0);
  return (
    <figure className="histogram">
      <div className="histogram-bars" role="img" aria-label={t("survey.histogram.alt", { silent, total, low: number(low), high: Number.isFinite(high) ? number(high) : "∞" })}>
        <span className="silent" style={{ height: height(silent) }} title={`${t("survey.histogram.silent")}: ${integer(silent)}`} />
        {shown.map((n, i) => {
          const bin = start + from + i;
          const upper = edges[bin + 1];
          const span = upper === undefined ? `≥ ${number(edges[bin] ?? 0)}` : `${number(edges[bin] ?? 0)} – ${number(upper)}`;
          return <span key={bin} style={{ height: height(n) }} title={`${span}: ${integer(n)}`} />;
        })}
      </div>
      <div className="ends small quiet number" aria-hidden="true">
        <span>≤ 0</span>
        <span>{shown.length ? number(low) : ""}</span>
        <span>{shown.length && Number.isFinite(high) ? number(high) : ""}</span>
      </div>
      <figcaption className="caption">{t("survey.histogram.caption", { total, most })}</figcaption>
    </figure>
  );
}
