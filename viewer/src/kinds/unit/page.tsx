import type { ReactNode } from "react";
import type { LayerUnits, PhotographPage, Unit } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { useArrows } from "../../parts/arrows";
import { Crop, Frame, Image, Whole } from "../../parts/picture";
import { Choose } from "../../parts/take";
import { Explain, Facts, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { partOf } from "../../core/selection";
import { field, fidelity, otherRules, span, unitRoute } from "../image/units";

export default function UnitPage({ photograph, layer, unit }: { photograph: PhotographPage; layer: LayerUnits; unit: Unit }) {
  const speech = useSpeech();
  const { t, maybe, number } = speech;
  const made = photograph.records[layer.record];
  const words = { unit: String(unit.unit), layer: layer.layer, name: photograph.name };
  const whole = { width: photograph.seen.width, height: photograph.seen.height };
  const place = layer.units.indexOf(unit);
  const others = otherRules(photograph.layers.filter((l) => l.layer === layer.layer), layer, unit.unit);
  const to = (other: Unit | undefined) => (other ? href(unitRoute(photograph, layer, other)) : undefined);
  const [before, after] = [to(layer.units[place - 1]), to(layer.units[place + 1])];
  useArrows(before, after);
  const { width, height } = span(unit.window);
  const all = width >= whole.width && height >= whole.height;
  const [row, column] = unit.position.length === 2 ? unit.position : [undefined, undefined];
  const high = number(unit.map_scale.high);
  const facts: [string, ReactNode][] = [
    [t("activation"), number(unit.activation)],
    [
      t("unit.position"),
      row === undefined || column === undefined
        ? unit.position.join(", ")
        : t("unit.position.value", { row: row + 1, column: column + 1, height: layer.map_size[0] ?? 1, width: layer.map_size[1] ?? 1 }),
    ],
    [t("unit.window"), t("unit.window.value", { width, height, left: Math.round(unit.window.left), top: Math.round(unit.window.top) })],
    [t("unit.rule"), maybe(`choice.rule.${layer.rule}`, layer.rule)],
  ];
  facts.push([t("unit.fidelity"), fidelity(layer.fidelity, speech)]);
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "image", image: photograph.id })}>← {t("nav.back", { name: photograph.name })}</a>
        <span>
          {before ? <a href={before}>‹ {t("nav.previous")}</a> : <span className="quiet">‹ {t("nav.previous")}</span>}
          {after ? <a href={after}>{t("nav.next")} ›</a> : <span className="quiet">{t("nav.next")} ›</span>}
        </span>
      </nav>
      <header className="page-head tight">
        <h1>
          {layer.layer} · {t("units.unit", words)}
        </h1>
        <p className="lead">
          {[layer.kind, field(layer, photograph, speech)].filter(Boolean).join(" · ")} · <MadeBy made={made} image={photograph.id} />{" "}
          <Choose inline one={partOf(photograph, layer.record, `${layer.layer} ${unit.unit}`, unit.unit)} />
        </p>
        <Explain text="unit.explain" paper={made?.paper} />
      </header>
      <div className="unit-triple tiles filled">
        <Captioned title={t("unit.map")} text={t("unit.map.caption")} scale={t("unit.map.grey", { high })}>
          <Whole picture={unit.map} alt={t("units.map.alt", words)} />
        </Captioned>
        <Captioned
          title={others.length ? maybe(`choice.rule.${layer.rule}`, layer.rule) : t("unit.projection")}
          text={t("unit.projection.caption")}
          scale={t("unit.projection.scale", { high: number(unit.projection_scale.high) })}
        >
          <Crop picture={unit.projection} window={unit.window} alt={t("units.projection.alt", words)} />
        </Captioned>
        {others.map((other) => (
          <Captioned
            key={other.layer.rule}
            title={<a href={href(unitRoute(photograph, other.layer, other.unit))}>{maybe(`choice.rule.${other.layer.rule}`, other.layer.rule)}</a>}
            text={fidelity(other.layer.fidelity, speech)}
            scale={t("unit.projection.scale", { high: number(other.unit.projection_scale.high) })}
          >
            <Crop picture={other.unit.projection} window={other.unit.window} alt={t("units.projection.alt", words)} />
          </Captioned>
        ))}
        <Captioned title={t("unit.patch")} text={t("unit.patch.caption")} scale={t("unit.patch.scale")}>
          <Crop picture={photograph.seen} window={unit.window} alt={t("units.patch.alt", words)} />
        </Captioned>
      </div>
      <div className={all ? "split" : "tiles filled broad"}>
        {!all && (
          <>
        <Captioned title={t("unit.full")} text={t("unit.full.caption")} scale={t("unit.projection.scale", { high: number(unit.projection_scale.high) })}>
          <Frame {...whole} window={unit.window} plain>
            <Image picture={unit.projection} alt={t("units.projection.alt", words)} />
          </Frame>
        </Captioned>
        <Captioned title={t("unit.where")} text={t("unit.where.caption")} scale={t("unit.patch.scale")}>
          <Frame {...whole} window={unit.window}>
            <Image picture={photograph.seen} alt={t("image.seen.alt", words)} />
          </Frame>
        </Captioned>
          </>
        )}
        <Facts items={facts} rows />
      </div>
      <section>
        <h2>{t("unit.others")}</h2>
        <ul className="others tiles screen-only">
          {layer.units.map((other) => (
            <li key={other.unit}>
              <a className="plain small" href={to(other)} aria-current={other === unit ? "page" : undefined}>
                <Crop picture={other.projection} window={other.window} alt="" />
                <span>{other.unit}</span>
              </a>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function Captioned({ title, text, scale, children }: { title: ReactNode; text: string; scale: string; children: ReactNode }) {
  return (
    <figure>
      {children}
      <figcaption className="small below">
        <strong>{title}</strong> {text} <span className="quiet">{scale}</span>
      </figcaption>
    </figure>
  );
}

