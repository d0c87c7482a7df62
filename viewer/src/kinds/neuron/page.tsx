import type { NetworkView, Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { size } from "../network/layers";
import { useMaking } from "../../parts/jobs";
import { MethodForm } from "../../parts/method-form";
import { Image } from "../../parts/picture";
import { Explain, Facts, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";
import { isLive } from "../../core/source";

/** A unit by itself, without a photograph: its layer, the patterns made for it, and what can be asked of it. */
export default function NeuronPage({ overview, network, layer, unit }: { overview: Overview; network: NetworkView; layer: string; unit: number }) {
  const { t, integer, number } = useSpeech();
  const row = network.layers.find((one) => one.name === layer);
  const patterns = overview.patterns.flatMap((set) =>
    set.images.flatMap((image, target) => (image.target.replace(/\s/g, "").startsWith(`${layer}#${unit}`) ? [{ set, image, target }] : [])),
  );
  const making = useMaking((job) => job.request.method === "imagine" && JSON.stringify(job.request.arguments?.targets ?? null).includes(`${layer}#${unit}`));
  const survey = overview.surveys?.find((card) => card.network === network.fingerprint && card.names.includes(layer));
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "network", network: network.id.slice(0, 16), find: layer })}>← {t("nav.back", { name: network.name })}</a>
        <span>
          {unit > 0 && <a href={href({ page: "neuron", network: network.id.slice(0, 16), layer, unit: unit - 1 })}>{t("nav.previous")}</a>}
          {row && unit < row.units - 1 && <a href={href({ page: "neuron", network: network.id.slice(0, 16), layer, unit: unit + 1 })}>{t("nav.next")}</a>}
        </span>
      </nav>
      <header className="page-head tight">
        <h1>
          {layer} · {t("units.unit", { unit: String(unit) })}
        </h1>
        <Explain text="neuron.explain" />
      </header>
      {row && (
        <Facts
          items={[
            [t("layer.kind"), row.kind],
            [t("output"), row.shape.join(" × ")],
            [t("layer.field"), row.receptive_field ? size(row.receptive_field.size) : "–"],
            [t("parameters"), integer(row.parameters)],
          ]}
        />
      )}
      {survey && (
        <p>
          <a href={href({ page: "survey-unit", survey: survey.id, layer, unit })}>{t("neuron.survey")}</a>
        </p>
      )}
      <section>
        <h2>{t("class.pattern")}</h2>
        {patterns.length === 0 && <p className="quiet">{making ? t("job.making", { what: t("class.pattern") }) : t("neuron.nopattern")}</p>}
        <ul className="patterns tiles broad">
          {patterns.map(({ set, image, target }) => (
            <li key={`${set.record}/${target}`} className="pattern fit">
              <a href={href({ page: "patterns", record: set.record, target })}>
                <Image picture={image.picture} alt={t("patterns.alt", { target: image.target })} />
              </a>
              <p className="caption below">
                {t("patterns.caption", { target: image.target })}
                {image.score !== null && ` ${t("patterns.score")} ${number(image.score)} ·`} <MadeBy made={overview.records[set.record]} />
              </p>
            </li>
          ))}
        </ul>
      </section>
      {isLive && (
        <section>
          <h2>{t("form.title")}</h2>
          <MethodForm about={{ layer, unit }} />
        </section>
      )}
    </>
  );
}
