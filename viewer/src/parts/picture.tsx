// Pictures. Every one has its size, so that nothing jumps, and words for those who cannot see it.
import type { CSSProperties, ReactNode } from "react";
import type { Picture, Window } from "../generated/document";
import "./picture.css";

type Shown = { picture: Picture; alt: string; className?: string; eager?: boolean };

export const TINY = 32; // pixels: a smaller picture is looked at pixel by pixel

export function Image({ picture, alt, className, eager }: Shown) {
  const tiny = Math.max(picture.width, picture.height) <= TINY;
  return (
    <img
      src={picture.source}
      width={picture.width}
      height={picture.height}
      alt={alt}
      className={tiny ? `${className ?? ""} tiny`.trim() : className}
      loading={eager ? "eager" : "lazy"}
      decoding="async"
      draggable={false}
    />
  );
}

/** The part of a picture inside `window`, in a square; small windows are enlarged pixel by pixel. */
export function Crop({ picture, window, alt }: Shown & { window: Window }) {
  const width = Math.max(1, window.right - window.left);
  const height = Math.max(1, window.bottom - window.top);
  const longer = Math.max(width, height);
  const part = (n: number, of: number) => `${(100 * n) / of}%`;
  const frame: CSSProperties = {
    width: part(width, longer),
    height: part(height, longer),
    left: part(longer - width, 2 * longer),
    top: part(longer - height, 2 * longer),
  };
  const inside: CSSProperties = {
    width: part(picture.width, width),
    height: part(picture.height, height),
    left: part(-window.left, width),
    top: part(-window.top, height),
    imageRendering: longer < 160 ? "pixelated" : "auto",
  };
  return (
    <span className="crop">
      <span className="crop-frame" style={frame}>
        <img
          src={picture.source}
          width={picture.width}
          height={picture.height}
          alt={alt}
          style={inside}
          loading="lazy"
          decoding="async"
          draggable={false}
        />
      </span>
    </span>
  );
}

/** A box over a picture of `width` × `height` pixels; what lies outside is dimmed unless `plain`. */
export function Frame(props: { width: number; height: number; window: Window | null; plain?: boolean; children: ReactNode }) {
  const { width, height, window, plain, children } = props;
  const part = (n: number, of: number) => `${(100 * n) / of}%`;
  return (
    <span className="framed" style={{ aspectRatio: `${width} / ${height}` }}>
      {children}
      {window && (
        <span
          className={plain ? "frame bright" : "frame"}
          style={{
            left: part(window.left, width),
            top: part(window.top, height),
            width: part(window.right - window.left, width),
            height: part(window.bottom - window.top, height),
          }}
        />
      )}
    </span>
  );
}

/** All of a picture in a square. */
export function Whole({ picture, alt }: { picture: Picture; alt: string }) {
  return <Crop picture={picture} window={{ left: 0, top: 0, right: picture.width, bottom: picture.height }} alt={alt} />;
}
