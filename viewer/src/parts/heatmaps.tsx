// Heatmaps beside each other under the same sliders.
import { useEffect, useId, useRef, useState, type CSSProperties, type ReactNode } from "react";
import type { HeatLayer, PhotographPage, RegionView, Window } from "../generated/document";
import { Controls, cutAt, draw, load } from "./heat";
import { useSpeech } from "../i18n";
import { Image, TINY } from "./picture";
import { partOf } from "../core/selection";
import { Choose } from "./take";
import { Explain, MadeBy } from "./words";
import "./heatmaps.css";

/** A heatmap, with the region that was cut from it where there is one. */
export type Explanation = { heatmap: HeatLayer; region: RegionView | undefined; record: string };

export function explanations(photograph: PhotographPage): Explanation[] {
  return [
    ...photograph.regions.map((region) => ({ heatmap: region.heatmap, region, record: region.record })),
    ...photograph.heatmaps.map((heatmap) => ({ heatmap, region: undefined, record: heatmap.record })),
  ];
}

type Drawn = { photograph: PhotographPage; heatmap: HeatLayer; controls: Controls; high?: number | undefined };

/** A heatmap over its photograph, as the controls want it. high: of the scale that it shares, where they want that. */
export function HeatCanvas({ photograph, heatmap, controls, high }: Drawn) {
  const { t } = useSpeech();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [height = 1, width = 1] = heatmap.values.shape;
  useEffect(() => {
    let gone = false;
    let stop = () => {};
    void load(heatmap).then((heat) => {
      if (gone || !canvas.current) return;
      const context = canvas.current.getContext("2d", { willReadFrequently: true });
      const show = () => {
        if (!canvas.current || !context) return;
        const pixels = draw(heat, controls.share >= 1 ? 1 : cutAt(heat, controls.share), controls.common && high ? high : heat.high);
        context.putImageData(new ImageData(pixels, heat.width, heat.height), 0, 0);
        canvas.current.style.opacity = String(controls.opacity);
        canvas.current.dataset.drawn = heatmap.record;
      };
      show();
      stop = controls.subscribe(show);
    });
    return () => {
      gone = true;
      stop();
    };
  }, [heatmap, controls, high]);
  return <canvas ref={canvas} className={Math.max(width, height) <= TINY ? "heat-canvas tiny" : "heat-canvas"} width={width} height={height} style={placeIn(photograph, heatmap.view)} role="img" aria-label={t("image.heat.alt", { target: heatmap.target })} />;
}

/** Where a window lies in the photograph, as shares of it. */
export function placeIn({ width, height }: PhotographPage, { left, top, right, bottom }: Window): CSSProperties {
  const share = (n: number, of: number) => `${(100 * n) / of}%`;
  return { left: share(left, width), top: share(top, height), width: share(right - left, width), height: share(bottom - top, height) };
}

export function HeatStage(drawn: Drawn) {
  const { t } = useSpeech();
  const { photograph } = drawn;
  return (
    <div className="stage" style={{ aspectRatio: `${photograph.width} / ${photograph.height}` }}>
      <Image picture={photograph.picture} alt={t("image.photograph.alt", { name: photograph.name })} />
      <HeatCanvas {...drawn} />
    </div>
  );
}

/** One scale can be shared where the numbers have the same unit. */
export function commonHigh(heatmaps: HeatLayer[], unit: (heatmap: HeatLayer) => string): number | undefined {
  const units = new Set(heatmaps.map((h) => `${h.scale.kind} ${unit(h)}`));
  return heatmaps.length > 1 && units.size === 1 ? Math.max(...heatmaps.map((h) => h.scale.high)) : undefined;
}

export function Sliders({ controls, common, children }: { controls: Controls; common: boolean; children?: ReactNode }) {
  const { t, percent } = useSpeech();
  const [ids] = [useId()];
  const shown = { opacity: useRef<HTMLOutputElement>(null), share: useRef<HTMLOutputElement>(null) };
  const [shared, setShared] = useState(controls.common);
  const slider = (name: "opacity" | "share", label: string) => (
    <div className="slider">
      <label htmlFor={`${ids}${name}`}>{label}</label>
      <input
        id={`${ids}${name}`}
        type="range"
        min={name === "share" ? 1 : 0}
        max={100}
        defaultValue={100 * controls[name]}
        onInput={(event) => {
          const value = Number(event.currentTarget.value) / 100;
          controls.change({ [name]: value });
          const out = shown[name].current;
          if (out) out.textContent = percent(value);
        }}
      />
      <output ref={shown[name]} htmlFor={`${ids}${name}`}>
        {percent(controls[name])}
      </output>
    </div>
  );
  return (
    <div className="stage-controls row screen-only">
      {children}
      {slider("opacity", t("image.opacity"))}
      {slider("share", t("heat.share"))}
      {common && (
        <label className="inline">
          <input
            type="checkbox"
            checked={shared}
            onChange={(event) => {
              setShared(event.target.checked);
              controls.change({ common: event.target.checked });
            }}
          />{" "}
          {t("heat.common")}
        </label>
      )}
    </div>
  );
}

/** Every heatmap of a photograph for one target, side by side. */
export function SideBySide({ photograph }: { photograph: PhotographPage }) {
  const { t, maybe, number } = useSpeech();
  const all = explanations(photograph);
  const targets = [...new Set(all.map((e) => e.heatmap.target))];
  const [target, setTarget] = useState("");
  const [controls] = useState(() => new Controls());
  const chosen = targets.includes(target) ? target : (targets[0] ?? "");
  const shown = all.filter((e) => e.heatmap.target === chosen);
  const select = useId();
  if (all.length < 2) return null;
  const unit = (h: HeatLayer) => maybe(`heat.unit.${h.method}`, h.method);
  const high = commonHigh(shown.map((e) => e.heatmap), unit);
  return (
    <section className="side-by-side">
      <div className="row-head">
        <h2>{t("heat.side")}</h2>
        {targets.length > 1 && (
          <span>
            <label htmlFor={select}>{t("target")}</label>{" "}
            <select id={select} value={chosen} onChange={(event) => setTarget(event.target.value)}>
              {targets.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </span>
        )}
      </div>
      <p className="caption">{t("heat.side.caption", { target: chosen })}</p>
      <Sliders controls={controls} common={high !== undefined} />
      <ul className="tiles broad">
        {shown.map((e) => (
          <li key={e.record}>
            <HeatStage photograph={photograph} heatmap={e.heatmap} controls={controls} high={high} />
            <div className="row below">
              <MadeBy made={photograph.records[e.record]} image={photograph.id} />
              <Choose inline one={partOf(photograph, e.record, `${maybe(`method.${e.heatmap.method}`, e.heatmap.method)} ${e.heatmap.target}`)} />
              <span className="quiet small">
                {e.heatmap.scale.kind === "diverging" ? "±" : ""}
                {number(e.heatmap.scale.high)} ({maybe(`heat.unit.${e.heatmap.method}`, t("heat.unit"))})
              </span>
            </div>
          </li>
        ))}
      </ul>
      <Explain text="heat.side.explain" />
    </section>
  );
}
