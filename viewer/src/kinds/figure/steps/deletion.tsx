// What is left of an output as steps are set to zero: the most important first, and in random order.
import { useSpeech } from "../../../i18n";
import { extent } from "../../../core/values";

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [330, 220, 50, 40] as const;

export function Deletion({ deletion, random }: { deletion: Float32Array; random: Float32Array }) {
  const { t, number, integer } = useSpeech();
  const last = Math.max(1, deletion.length - 1);
  const [low, high] = extent([...deletion, ...random]);
  const x = (i: number) => LEFT + (i / last) * (WIDTH - LEFT - 8);
  const y = (v: number) => 8 + (1 - (v - low) / (high - low || 1)) * (HEIGHT - BOTTOM - 8);
  const path = (values: Float32Array) => [...values].map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  const [own, chance] = [mean(deletion), mean(random)];
  return (
    <figure className="deletion over">
      <svg className="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} role="img" aria-label={t("steps.deletion.alt", { own: number(own), chance: number(chance) })}>
        {[low, (low + high) / 2, high].map((v) => (
          <g key={v}>
            <path className="axes" d={`M${LEFT} ${y(v)}H${WIDTH - 8}`} />
            <text x={LEFT - 6} y={y(v) + 4} textAnchor="end">
              {number(v)}
            </text>
          </g>
        ))}
        <path className="other" d={path(random)} />
        <path className="line" d={path(deletion)} />
        <text x={LEFT} y={HEIGHT - 24}>
          0
        </text>
        <text x={WIDTH - 8} y={HEIGHT - 24} textAnchor="end">
          {integer(last)}
        </text>
        <text x={(LEFT + WIDTH - 8) / 2} y={HEIGHT - 8} textAnchor="middle">
          {t("steps.deleted")}
        </text>
      </svg>
      <figcaption className="caption">
        <span className="key" /> {t("steps.deletion")} ({number(own)}) · <span className="key other-key" /> {t("steps.random")} ({number(chance)})
        <br />
        {t("steps.deletion.caption")}
      </figcaption>
    </figure>
  );
}
