import type { ReactNode } from "react";
import type { OcclusionPage, Picture } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Image } from "../../parts/picture";

function Map({ picture, alt, title, children }: { picture: Picture; alt: string; title: string; children: ReactNode }) {
  return (
    <figure className="map-figure">
      <Image picture={picture} alt={alt} eager />
      <figcaption className="small below">
        <strong>{title}</strong> {children}
      </figcaption>
    </figure>
  );
}

export function Occlusion({ view }: { view: OcclusionPage }) {
  const { t, number, percent } = useSpeech();
  const ramp = (low: string, high: string) => (
    <span className="row quiet">
      <span>{low}</span>
      <span className="scale occlusion-scale" aria-hidden="true" />
      <span>{high}</span>
    </span>
  );
  return (
    <>
      <p className="caption below">{t("occlusion.square", { width: view.square[0] ?? 0, height: view.square[1] ?? 0, step: view.step })}</p>
      <div className="tiles filled">
        {view.picture && (
          <Map picture={view.picture} alt={t("occlusion.picture")} title={t("occlusion.picture")}>
            {t("unit.patch.scale")}
          </Map>
        )}
        <Map picture={view.response} alt={t("occlusion.response.alt", { unit: String(view.unit), layer: view.layer })} title={`${view.layer} · ${t("units.unit", { unit: String(view.unit) })}`}>
          {t("occlusion.response", { plain: number(view.plain_response), low: number(view.lowest_response) })} {ramp(number(Math.min(0, view.lowest_response)), number(view.response_scale.high))}
        </Map>
        <Map picture={view.probability} alt={t("occlusion.probability.alt", { target: view.target })} title={view.target}>
          {t("occlusion.probability", { plain: percent(view.plain_probability), low: percent(view.lowest_probability) })} {ramp("0%", "100%")}
        </Map>
        <Map picture={view.predicted} alt={t("occlusion.predicted.alt")} title={t("occlusion.predicted")}>
          {t("occlusion.predicted.plain", { label: view.plain_predicted })}
          <ul className="stack close">
            {view.classes.map((one) => (
              <li className="row" key={one.name + one.colour}>
                <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
                  <rect width="12" height="12" rx="2" fill={one.colour} />
                </svg>
                {one.name || t("occlusion.others")} <span className="quiet">{percent(one.share)}</span>
              </li>
            ))}
          </ul>
        </Map>
      </div>
    </>
  );
}
