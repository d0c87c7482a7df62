// What the colours mean. A class is a button: it picks out its points.
import { useSpeech } from "../../i18n";
import { classColours, scale, type Shade } from "../../parts/colours";

const SHOWN = 12;

export function Legend({ shade, dark, chosen, choose }: { shade: Shade; dark: boolean; chosen: string | null; choose: (name: string, of: number) => void }) {
  const { t, number, integer, maybe } = useSpeech();
  if (shade.kind === "number") {
    const stops = scale(dark).filter((_, i) => i % 15 === 0).map(([r, g, b]) => `rgb(${r} ${g} ${b})`);
    return (
      <div className="map-legend-scale row small quiet">
        <span>{number(shade.low)}</span>
        <span className="scale" style={{ background: `linear-gradient(90deg, ${stops.join(", ")})` }} role="img" aria-label={t("map.scale", { low: number(shade.low), high: number(shade.high) })} />
        <span>{number(shade.high)}</span>
      </div>
    );
  }
  const colours = classColours(shade);
  const few = shade.names.length <= 10;
  const order = few ? shade.names.map((_, i) => i) : shade.order;
  const shown = order.slice(0, few ? 10 : SHOWN);
  return (
    <ul className="map-legend row small">
      {shown.map((c) => {
        const name = shade.names[c] ?? "";
        const words = shade.kind === "outcome" || shade.name === "placed" ? maybe(`map.value.${name}`, name) : name;
        return (
          <li key={c}>
            <button type="button" className="toggle chip" aria-pressed={chosen === name} onClick={() => choose(name, c)} title={words}>
              <span className="swatch" aria-hidden="true" style={{ background: colours[c] }} />
              <span className="one-line">{words}</span> <span className="quiet">{integer(shade.counts[c] ?? 0)}</span>
            </button>
          </li>
        );
      })}
      {order.length > shown.length && <li className="quiet">{t("map.more", { n: order.length - shown.length })}</li>}
    </ul>
  );
}
