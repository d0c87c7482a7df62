// The map with every point in a cell of its own; the seams between cells draw the true distances.
import { useEffect, useRef, useState, type MouseEvent } from "react";
import type { GridView, Sprites } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { unpack } from "../../core/values";
import { BOX } from "../../generated/tables";

type Props = { grid: GridView; sprites: Sprites; layer: string; ids: string[]; point: number; pick: (point: number) => void };

export function PictureGrid({ grid, sprites, layer, ids, point, pick }: Props) {
  const { t } = useSpeech();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [under, setUnder] = useState(-1);
  const [rows = 1, columns = 1] = grid.cells.shape;
  const cells = unpack(grid.cells) as Int32Array;
  const cell = Math.max(14, Math.min(56, Math.floor(1240 / columns)));
  const tall = Math.round((cell * sprites.height) / sprites.width);
  const width = columns * cell;
  const height = rows * tall;

  useEffect(() => {
    const home = canvas.current;
    const c = home?.getContext("2d");
    if (!home || !c) return;
    let here = true;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    home.width = width * ratio;
    home.height = height * ratio;
    const sheets = sprites.sheets.map((sheet) => Object.assign(new Image(), { src: sheet.source }));
    void Promise.all(sheets.map((sheet) => sheet.decode().catch(() => undefined))).then(() => {
      if (!here) return;
      const ink = getComputedStyle(home).color;
      c.setTransform(ratio, 0, 0, ratio, 0, 0);
      c.clearRect(0, 0, width, height);
      c.imageSmoothingEnabled = cell < 2 * sprites.width;
      for (let i = 0; i < cells.length; i++) {
        const at = cells[i]!;
        if (at < 0) continue;
        const each = sprites.columns * sprites.rows;
        const place = at % each;
        const sheet = sheets[Math.floor(at / each)];
        if (!sheet?.naturalWidth) continue;
        const [sx, sy] = [(place % sprites.columns) * sprites.width, Math.floor(place / sprites.columns) * sprites.height];
        c.drawImage(sheet, sx, sy, sprites.width, sprites.height, (i % columns) * cell + 0.5, Math.floor(i / columns) * tall + 0.5, cell - 1, tall - 1);
      }
      const wide = Math.max(2, cell / 9);
      c.fillStyle = ink;
      const seam = (strength: number, x: number, y: number, w: number, h: number) => {
        // Below the middle there is no seam: near neighbours belong together.
        c.globalAlpha = Math.max(0, (strength / 255 - 0.35) / 0.65);
        if (c.globalAlpha > 0) c.fillRect(x, y, w, h);
      };
      const right = unpack(grid.seams_right) as Uint8Array;
      const down = unpack(grid.seams_down) as Uint8Array;
      right.forEach((v, i) => seam(v, ((i % (columns - 1)) + 1) * cell - wide / 2, Math.floor(i / (columns - 1)) * tall, wide, tall));
      down.forEach((v, i) => seam(v, (i % columns) * cell, (Math.floor(i / columns) + 1) * tall - wide / 2, cell, wide));
      c.globalAlpha = 1;
      const mine = cells.indexOf(point);
      if (point >= 0 && mine >= 0) {
        c.lineWidth = 3;
        c.strokeStyle = BOX;
        c.strokeRect((mine % columns) * cell + 1.5, Math.floor(mine / columns) * tall + 1.5, cell - 3, tall - 3);
      }
      home.dataset.drawn = "all";
    });
    return () => {
      here = false;
    };
  }, [grid, sprites, cells, cell, tall, width, height, columns, point]);

  const at = (event: MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const c = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const r = Math.floor(((event.clientY - box.top) / box.height) * rows);
    return cells[r * columns + c] ?? -1;
  };
  return (
    <section className="map-grid">
      <h2>{t("map.grid")}</h2>
      <p className="caption">{t("map.grid.caption", { layer })}</p>
      <canvas
        ref={canvas}
        role="img"
        aria-label={t("map.grid.alt", { n: ids.length })}
        style={{ aspectRatio: `${width} / ${height}`, maxWidth: width }}
        title={ids[under] ?? ""}
        onMouseMove={(event) => setUnder(at(event))}
        onClick={(event) => pick(at(event))}
      />
    </section>
  );
}
