// One thumbnail out of the sheets that hold them all.
import type { CSSProperties, ReactNode } from "react";
import type { Sprites } from "../../generated/document";

/** Names the sheets once, so that a thousand tiles do not repeat a picture's address. */
export function Sheets({ sprites, children, className }: { sprites: Sprites | null; children: ReactNode; className?: string }) {
  const style = Object.fromEntries((sprites?.sheets ?? []).map((sheet, i) => [`--sheet-${i}`, `url("${sheet.source}")`])) as CSSProperties;
  return (
    <div className={className} style={style}>
      {children}
    </div>
  );
}

/** Point `index`'s thumbnail, its longer side `size` pixels. Without thumbnails an empty tile. */
export function Tile({ sprites, index, size, alt }: { sprites: Sprites | null; index: number; size: number; alt: string }) {
  if (!sprites) return <span className="tile" style={{ width: size, height: size }} role="img" aria-label={alt} />;
  const { columns, rows, width, height } = sprites;
  const times = size / Math.max(width, height);
  const sheet = Math.floor(index / (columns * rows));
  const place = index % (columns * rows);
  const down = sprites.sheets[sheet]?.height ?? rows * height;
  return (
    <span
      className="tile"
      role="img"
      aria-label={alt}
      style={{
        width: width * times,
        height: height * times,
        backgroundImage: `var(--sheet-${sheet})`,
        backgroundSize: `${columns * width * times}px ${down * times}px`,
        backgroundPosition: `${-(place % columns) * width * times}px ${-Math.floor(place / columns) * height * times}px`,
        imageRendering: times >= 2 ? "pixelated" : "auto",
      }}
    />
  );
}
