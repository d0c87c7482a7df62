// What the network keeps and for how long: gates at their ends, half-lives, the reach of an input.
import { useLayoutEffect, useRef } from "react";
import type { LayerMemory, MemoryPage, Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Explain, Facts, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { gradient } from "../../parts/sequence/colours";
import { usePalette } from "../../parts/sequence/theme";
import { unpack } from "../../core/values";

export default function MemoryView({ overview, page }: { overview: Overview; page: MemoryPage }) {
  const { t, number } = useSpeech();
  const made = page.records[page.record];
  const facts: [string, string][] = [];
  if (page.reach !== null) facts.push([t("memory.reach"), t(page.censored ? "memory.reach.least" : "memory.reach.value", { n: page.reach, steps: page.steps })]);
  if (page.reach_spread) facts.push([t("memory.reach.outputs"), t("memory.reach.spread", { low: page.reach_spread[0] ?? 0, high: page.reach_spread[1] ?? 0 })]);
  if (page.factor !== null) facts.push([t("memory.factor"), number(page.factor)]);
  for (const layer of page.layers) {
    if (!layer.half_lives) continue;
    const lives = [...(unpack(layer.half_lives) as Float32Array)].filter(Number.isFinite).sort((a, b) => a - b);
    facts.push([t("memory.half", { layer: named(layer) }), t("memory.half.value", { middle: number(lives[lives.length >> 1] ?? 0), longest: number(lives.at(-1) ?? 0) })]);
  }
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "sequences" })}>← {t("nav.back", { name: t("nav.sequences") })}</a>
      </nav>
      <header className="page-head tight">
        <h1>{t("nav.memory")}</h1>
        <p className="lead">
          {overview.networks.find((n) => n.fingerprint === page.network)?.name} · <MadeBy made={made} />
        </p>
        <Explain text="memory.explain" paper={made?.paper} />
      </header>
      <section>
        <Facts items={facts} />
      </section>
      {page.layers.map((layer) => (
        <section key={named(layer)}>
          <h2>
            {t("memory.gates")} <span className="mono">{named(layer)}</span>
          </h2>
          <div className="plots row">
            {layer.gates.map((gate) => (
              <Saturation key={gate.gate} name={gate.gate} shut={unpack(gate.shut) as Float32Array} opened={unpack(gate.opened) as Float32Array} low={page.low} />
            ))}
            {layer.half_lives && <Lives lives={unpack(layer.half_lives) as Float32Array} />}
          </div>
          <p className="caption">{t("memory.gates.caption", { low: number(page.low), high: number(1 - page.low) })}</p>
        </section>
      ))}
      {page.influence && (
        <section>
          <h2>{t("memory.influence")}</h2>
          <div className="plots row scroll">
            <Influence values={unpack(page.influence) as Float32Array} steps={page.influence.shape[0] ?? 1} />
            <Decay values={page.decay} reach={page.reach} />
          </div>
          <p className="caption">{t("memory.influence.caption")}</p>
        </section>
      )}
    </>
  );
}

const named = (layer: LayerMemory) => layer.layer + (layer.direction ? " ←" : "");

const SIZE = 200;
const PAD = 38;

/** Each unit a dot: how often its gate is shut, how often open. */
function Saturation({ name, shut, opened, low }: { name: string; shut: Float32Array; opened: Float32Array; low: number }) {
  const { t, number, percent } = useSpeech();
  const at = (v: number) => PAD + v * SIZE;
  return (
    <figure>
      <svg className="chart" viewBox={`0 0 ${SIZE + PAD + 8} ${SIZE + PAD + 8}`} width={SIZE + PAD + 8} height={SIZE + PAD + 8} role="img" aria-label={t("memory.gate.alt", { gate: name })}>
        <path className="axes" d={`M${PAD} 4V${SIZE + 4}H${SIZE + PAD + 4} M${PAD} 4L${SIZE + PAD} ${SIZE + 4}`} />
        {[...shut].map((s, i) => (
          <circle key={i} cx={at(opened[i] ?? 0)} cy={SIZE + 4 - s * SIZE} r={2.6}>
            <title>{t("memory.gate.unit", { unit: i, shut: percent(s), opened: percent(opened[i] ?? 0) })}</title>
          </circle>
        ))}
        <text x={SIZE + PAD + 4} y={SIZE + PAD} textAnchor="end">
          {t("memory.open", { high: number(1 - low) })}
        </text>
        <text transform={`translate(14 ${SIZE + 4}) rotate(-90)`}>{t("memory.shut", { low: number(low) })}</text>
        <text x={SIZE + PAD} y={18} textAnchor="end" className="plot-name">
          {t("memory.gate", { gate: name })}
        </text>
      </svg>
    </figure>
  );
}

/** Half-lives from the shortest to the longest, on a logarithmic axis. */
function Lives({ lives }: { lives: Float32Array }) {
  const { t, number } = useSpeech();
  const known = [...lives].filter((v) => Number.isFinite(v) && v > 0).sort((a, b) => a - b);
  if (known.length < 2) return null;
  const [low, high] = [Math.log10(known[0] ?? 0.1), Math.log10(known.at(-1) ?? 1)];
  const y = (v: number) => SIZE + 4 - ((Math.log10(v) - low) / (high - low || 1)) * SIZE;
  const x = (i: number) => PAD + (i / (known.length - 1)) * SIZE;
  const ticks = [0.1, 1, 10, 100, 1000, 10000].filter((v) => Math.log10(v) >= low && Math.log10(v) <= high);
  return (
    <figure>
      <svg className="chart" viewBox={`0 0 ${SIZE + PAD + 8} ${SIZE + PAD + 8}`} width={SIZE + PAD + 8} height={SIZE + PAD + 8} role="img" aria-label={t("memory.lives.alt", { low: number(known[0] ?? 0), high: number(known.at(-1) ?? 0) })}>
        <path className="axes" d={`M${PAD} 4V${SIZE + 4}H${SIZE + PAD + 4}`} />
        {ticks.map((v) => (
          <g key={v}>
            <path className="axes" d={`M${PAD - 4} ${y(v)}H${SIZE + PAD}`} />
            <text x={PAD - 6} y={y(v) + 4} textAnchor="end">
              {v}
            </text>
          </g>
        ))}
        <path className="line" d={known.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("")} />
        <text x={SIZE + PAD + 4} y={SIZE + PAD} textAnchor="end">
          {t("memory.lives.units", { n: known.length })}
        </text>
        <text x={PAD + 8} y={18} className="plot-name">
          {t("memory.lives")}
        </text>
      </svg>
    </figure>
  );
}

function Influence({ values, steps }: { values: Float32Array; steps: number }) {
  const { t, number } = useSpeech();
  const palette = usePalette();
  const canvas = useRef<HTMLCanvasElement>(null);
  const sorted = Float32Array.from(values.filter((v) => v > 0)).sort();
  const high = sorted[Math.floor(0.995 * (sorted.length - 1))] ?? 1;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const pixels = new ImageData(steps, steps);
    const out = new Uint32Array(pixels.data.buffer);
    for (let i = 0; i < out.length; i++) out[i] = palette.share[Math.min(255, Math.round((255 * (values[i] ?? 0)) / high))] ?? 0;
    context.putImageData(pixels, 0, 0);
  }, [values, steps, palette, high]);
  return (
    <figure>
      <canvas ref={canvas} className="matrix" width={steps} height={steps} role="img" aria-label={t("memory.matrix.alt", { n: steps })} />
      <figcaption className="caption">
        {t("memory.matrix")}{" "}
        <span className="legend">
          <span>0</span>
          <span className="scale" style={{ background: gradient(palette.share, 0) }} />
          <span>{number(high)}</span>
        </span>
      </figcaption>
    </figure>
  );
}

function Decay({ values, reach }: { values: number[]; reach: number | null }) {
  const { t, number } = useSpeech();
  const [width, height, left] = [460, 260, 48];
  const positive = values.filter((v) => v > 0);
  const [low, high] = [Math.log10(Math.min(...positive)), Math.log10(Math.max(...positive))];
  const x = (lag: number) => left + (lag / Math.max(1, values.length - 1)) * (width - left - 10);
  const y = (v: number) => 10 + (1 - (Math.log10(v) - low) / (high - low || 1)) * (height - 46);
  const ticks = Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => Math.ceil(low) + i);
  return (
    <figure>
      <svg className="chart" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={t("memory.decay.alt", { first: number(values[0] ?? 0), last: number(values.at(-1) ?? 0) })}>
        <path className="axes" d={`M${left} 6V${height - 34}H${width - 8}`} />
        {ticks.map((power) => (
          <g key={power}>
            <path className="axes" d={`M${left - 4} ${y(10 ** power)}H${width - 8}`} />
            <text x={left - 7} y={y(10 ** power) + 4} textAnchor="end">
              {number(10 ** power)}
            </text>
          </g>
        ))}
        {reach !== null && <path className="other" d={`M${x(reach - 1)} 6V${height - 34}`} />}
        <path className="line" d={values.map((v, i) => (v > 0 ? `${i && (values[i - 1] ?? 0) > 0 ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}` : "")).join("")} />
        <text x={left} y={height - 12}>
          0
        </text>
        <text x={width - 8} y={height - 12} textAnchor="end">
          {t("memory.lag", { n: values.length - 1 })}
        </text>
      </svg>
      <figcaption className="caption">{t("memory.decay")}</figcaption>
    </figure>
  );
}
