// A photograph of a survey, cut from its sheet, with the box of what a unit saw.
import type { CSSProperties } from "react";
import type { Photo, SurveyPage, Window } from "../../generated/document";
import { onSheet } from "./units";

/** box: as shares of the photograph; it may reach past the border. */
export function Boxed({ survey, photo, box, alt }: { survey: SurveyPage; photo: Photo; box: Window | null; alt: string }) {
  const at = onSheet(survey, photo);
  if (!at) return null;
  const { picture, window } = at;
  const side = survey.side;
  const inside: CSSProperties = {
    width: `${(100 * picture.width) / side}%`,
    height: `${(100 * picture.height) / side}%`,
    left: `${(-100 * window.left) / side}%`,
    top: `${(-100 * window.top) / side}%`,
  };
  const wide = photo.width >= photo.height;
  const frame: CSSProperties = wide
    ? { width: "100%", aspectRatio: `${photo.width} / ${photo.height}` }
    : { height: "100%", aspectRatio: `${photo.width} / ${photo.height}` };
  const part = (n: number) => `${100 * Math.min(1, Math.max(0, n))}%`;
  const whole = box && box.left <= 0.001 && box.top <= 0.001 && box.right >= 0.999 && box.bottom >= 0.999;
  return (
    <span className="boxed">
      <span className="boxed-frame" style={frame}>
        <img src={picture.source} width={picture.width} height={picture.height} alt={alt} style={inside} loading="lazy" decoding="async" draggable={false} />
        {box && !whole && (
          <span
            className="frame"
            style={{
              left: part(box.left),
              top: part(box.top),
              width: part(Math.min(1, box.right) - Math.max(0, box.left)),
              height: part(Math.min(1, box.bottom) - Math.max(0, box.top)),
            }}
          />
        )}
      </span>
    </span>
  );
}
