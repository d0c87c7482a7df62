// The photograph with what was found laid over it. A slider changes pixels and styles: no render, no request.
import { useState } from "react";
import type { HeatLayer, PhotographPage, RegionView, Window } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Controls } from "../../parts/heat";
import { HeatCanvas, Sliders } from "../../parts/heatmaps";
import { Image } from "../../parts/picture";

type Layer = "photograph" | "heat" | "mask" | "outline" | "box" | "view";
const LAYERS: readonly Layer[] = ["photograph", "heat", "mask", "outline", "box", "view"];

type Shown = { photograph: PhotographPage; heatmap: HeatLayer | undefined; region: RegionView | undefined };

export function Stage({ photograph, heatmap, region }: Shown) {
  const { t } = useSpeech();
  const [shown, setShown] = useState<ReadonlySet<Layer>>(new Set(["photograph", "heat", "outline", "box"]));
  const [controls] = useState(() => new Controls());
  const { width, height, view } = photograph;
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
  const toggles = (
    <div className="toggles" role="group" aria-label={t("image.overlays")}>
      {LAYERS.filter(has).map((layer) => (
        <button key={layer} type="button" className={`toggle ${layer}`} aria-pressed={shown.has(layer)} onClick={() => toggle(layer)}>
          <span className="swatch overlay" aria-hidden="true" />
          {t(`image.${layer}`)}
        </button>
      ))}
    </div>
  );
  return (
    <div className="stage-block">
      <div className={shown.has("photograph") ? "stage" : "stage alone"} style={{ aspectRatio: `${width} / ${height}` }}>
        <Image picture={photograph.picture} alt={t("image.photograph.alt", { name: photograph.name })} eager />
        {heatmap && shown.has("heat") && <HeatCanvas photograph={photograph} heatmap={heatmap} controls={controls} />}
        {region?.mask && shown.has("mask") && (
          <div className="stage-mask fill">
            <Image picture={region.mask} alt={t("image.mask.alt", { target: region.target })} eager />
          </div>
        )}
        <svg className="fill" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
          {region?.outline && shown.has("outline") && (
            <g className={region.failed ? "outline failed" : "outline"}>
              {region.outline.map((points, i) => (
                <polygon key={i} points={points.map((p) => p.join(",")).join(" ")} />
              ))}
            </g>
          )}
          {region?.box && shown.has("box") && <Rectangle className={region.failed ? "box failed" : "box"} window={region.box} />}
          {shown.has("view") && <Rectangle className="view" window={view} />}
        </svg>
      </div>
      {heatmap ? (
        <Sliders controls={controls} common={false}>
          {toggles}
        </Sliders>
      ) : (
        <div className="stage-controls row screen-only">{toggles}</div>
      )}
    </div>
  );
}

function Rectangle({ window: w, className }: { window: Window; className: string }) {
  return <rect className={className} x={w.left} y={w.top} width={w.right - w.left} height={w.bottom - w.top} />;
}
