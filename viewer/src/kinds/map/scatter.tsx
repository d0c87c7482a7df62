// The plot on the page: its buttons, its keys, and a word where there is no WebGL.
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useSpeech } from "../../i18n";
import type { Direction } from "./near";
import { Plot, type Marks } from "./plot";
import type { Box } from "./view";

type Props = {
  label: string;
  positions: Uint16Array;
  /** What the whole map is, over all its steps. */
  box: Box;
  colours: Uint8Array;
  marks: Omit<Marks, "hover">;
  /** What stands beside the point under the pointer. */
  tell: (point: number) => ReactNode;
  pick: (point: number) => void;
  choose: (points: Uint32Array | null, add: boolean) => void;
  className?: string;
};

const KEYS: { readonly [key: string]: Direction } = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

export function Scatter({ label, positions, box, colours, marks, tell, pick, choose, className }: Props) {
  const { t } = useSpeech();
  const home = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const help = useId();
  const [hover, setHover] = useState({ point: -1, x: 0, y: 0 });
  const [lasso, setLasso] = useState(false);
  const [kind, setKind] = useState("webgl");
  const latest = useRef({ pick, choose });
  latest.current = { pick, choose };
  const count = positions.length / 2;

  useEffect(() => {
    if (!home.current) return;
    const made = new Plot(home.current, count, {
      hover: (point, x, y) => setHover((now) => (now.point === point && point < 0 ? now : { point, x, y })),
      pick: (point) => latest.current.pick(point),
      lasso: (points, add) => latest.current.choose(points.length ? points : null, add),
    });
    plot.current = made;
    setKind(made.kind);
    return () => {
      plot.current = null;
      made.free();
    };
  }, [count]);
  useEffect(() => plot.current?.setBox(box), [box, count]);
  useEffect(() => plot.current?.setPositions(positions), [positions, count]);
  useEffect(() => plot.current?.setColours(colours), [colours, count]);
  useEffect(() => plot.current?.setMarks({ ...marks, hover: hover.point }));
  useEffect(() => plot.current?.show(marks.point), [marks.point]);
  useEffect(() => {
    if (plot.current) plot.current.lasso = lasso;
  }, [lasso, count]);

  const key = (event: KeyboardEvent) => {
    const way = KEYS[event.key];
    if (way && plot.current) pick(plot.current.step(marks.point, way));
    else if (event.key === "+" || event.key === "=") plot.current?.zoom(1.5);
    else if (event.key === "-") plot.current?.zoom(1 / 1.5);
    else if (event.key === "0") plot.current?.reset();
    else if (event.key === "Escape") {
      pick(-1);
      choose(null, false);
    } else return;
    event.preventDefault();
  };
  const right = hover.x > (home.current?.clientWidth ?? 0) / 2;
  const low = hover.y > (home.current?.clientHeight ?? 0) / 2;
  return (
    <div className={`map-plot-block ${className ?? ""}`}>
      <div className={lasso ? "map-plot edged lasso" : "map-plot edged"} ref={home} tabIndex={0} role="application" aria-label={label} aria-describedby={help} onKeyDown={key}>
        {hover.point >= 0 && (
          <div className="map-plot-tell floating" aria-hidden="true" style={{ [right ? "right" : "left"]: right ? `calc(100% - ${hover.x - 16}px)` : hover.x + 16, [low ? "bottom" : "top"]: low ? `calc(100% - ${hover.y - 12}px)` : hover.y + 12 }}>
            {tell(hover.point)}
          </div>
        )}
      </div>
      <div className="row below">
        <button type="button" aria-pressed={lasso} className="toggle chip" onClick={() => setLasso(!lasso)}>
          {t("map.lasso")}
        </button>
        <button type="button" className="toggle chip" aria-label={t("map.nearer")} title={t("map.nearer")} onClick={() => plot.current?.zoom(1.5)}>
          +
        </button>
        <button type="button" className="toggle chip" aria-label={t("map.farther")} title={t("map.farther")} onClick={() => plot.current?.zoom(1 / 1.5)}>
          −
        </button>
        <button type="button" className="toggle chip" onClick={() => plot.current?.reset()}>
          {t("map.whole")}
        </button>
        <span className="quiet small" id={help}>
          {t("map.help")}
        </span>
      </div>
      {kind === "canvas" && <p className="note">{t("map.nowebgl")}</p>}
    </div>
  );
}
