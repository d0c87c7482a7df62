// The photograph with what was found laid over it. The slider changes a style and nothing else: no render, no request.
import { useId, useRef, useState } from "react";
import type { HeatLayer, Photograph, RegionView, Window } from "../../generated/document";
import { cutAt, draw, load } from "../../parts/heat";
import { useSpeech, type Key } from "../../i18n";
import { Image } from "../../parts/picture";

type Layer = "photograph" | "heat" | "mask" | "outline" | "box" | "view";
const LAYERS: readonly Layer[] = ["photograph", "heat", "mask", "outline", "box", "view"];

const OPACITY = 0.8;

type Shown = { photograph: Photograph; heatmap: HeatLayer | undefined; region: RegionView | undefined };

export function Stage({ photograph, heatmap, region }: Shown) {
  const { t, percent } = useSpeech();
  const stage = useRef<HTMLDivElement>(null);
  const value = useRef<HTMLOutputElement>(null);
  const [shown, setShown] = useState<ReadonlySet<Layer>>(new Set(["photograph", "heat", "outline", "box"]));
  const slider = useId();
  const threshold = useId();
  const share = useRef<HTMLOutputElement>(null);
  const strongest = useRef<HTMLCanvasElement>(null);
  /** Only the strongest share of the pixels, drawn from the numbers that the picture holds. */
  const cut = async (part: number) => {
    if (share.current) share.current.textContent = percent(part);
    const heat = heatmap && (await load(heatmap));
    const context = strongest.current?.getContext("2d");
    if (!heat || !context) return;
    context.putImageData(new ImageData(draw(heat, part >= 1 ? 1 : cutAt(heat, part), heat.high), heat.width, heat.height), 0, 0);
    stage.current?.classList.toggle("cut", part < 1);
  };
  const { width, height, view } = photograph;
  const place = (w: Window) => ({
    left: `${(100 * w.left) / width}%`,
    top: `${(100 * w.top) / height}%`,
    width: `${(100 * (w.right - w.left)) / width}%`,
    height: `${(100 * (w.bottom - w.top)) / height}%`,
  });
  const has = (layer: Layer): boolean =>
    layer === "view" ||
    layer === "photograph" ||
    (layer === "heat" ? heatmap !== undefined : region !== undefined && region[layer] !== null);
  const toggle = (layer: Layer) =>
    setShown((now) => {
      const next = new Set(now);
      if (!next.delete(layer)) next.add(layer);
      return next;
    });
  return (
    <div className="stage-block">
      <div className={shown.has("photograph") ? "stage" : "stage bare"} ref={stage} style={{ aspectRatio: `${width} / ${height}` }}>
        <Image picture={photograph.picture} alt={t("image.photograph.alt", { name: photograph.name })} eager />
        {heatmap && shown.has("heat") && (
          <div className="stage-heat" style={place(heatmap.view)}>
            <Image picture={heatmap.picture} alt={t("image.heat.alt", { target: heatmap.target })} eager />
            <canvas ref={strongest} width={heatmap.picture.width} height={heatmap.picture.height} aria-hidden="true" key={heatmap.picture.source} />
          </div>
        )}
        {region?.mask && shown.has("mask") && (
          <div className="stage-mask">
            <Image picture={region.mask} alt={t("image.mask.alt", { target: region.target })} eager />
          </div>
        )}
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
          {region?.outline && shown.has("outline") && (
            <g className="outline">
              {region.outline.map((points, i) => (
                <polygon key={i} points={points.map((p) => p.join(",")).join(" ")} />
              ))}
            </g>
          )}
          {region?.box && shown.has("box") && <Rectangle className="box" window={region.box} />}
          {shown.has("view") && <Rectangle className="view" window={view} />}
        </svg>
      </div>
      <div className="stage-controls">
        <div className="toggles" role="group" aria-label={t("image.overlays")}>
          {LAYERS.filter(has).map((layer) => (
            <button key={layer} type="button" className={`toggle ${layer}`} aria-pressed={shown.has(layer)} onClick={() => toggle(layer)}>
              <span className="swatch" aria-hidden="true" />
              {t(`image.${layer}` as Key)}
            </button>
          ))}
        </div>
        {heatmap && (
          <div className="slider">
            <label htmlFor={slider}>{t("image.opacity")}</label>
            <input
              id={slider}
              type="range"
              min={0}
              max={100}
              defaultValue={100 * OPACITY}
              onInput={(event) => {
                const share = Number(event.currentTarget.value) / 100;
                stage.current?.style.setProperty("--heat", String(share));
                if (value.current) value.current.textContent = percent(share);
              }}
            />
            <output htmlFor={slider} ref={value}>
              {percent(OPACITY)}
            </output>
          </div>
        )}
        {heatmap && (
          <div className="slider" key={heatmap.record}>
            <label htmlFor={threshold}>{t("heat.share")}</label>
            <input id={threshold} type="range" min={1} max={100} defaultValue={100} onInput={(event) => void cut(Number(event.currentTarget.value) / 100)} />
            <output htmlFor={threshold} ref={share}>
              {percent(1)}
            </output>
          </div>
        )}
      </div>
    </div>
  );
}

function Rectangle({ window: w, className }: { window: Window; className: string }) {
  return <rect className={className} x={w.left} y={w.top} width={w.right - w.left} height={w.bottom - w.top} />;
}
