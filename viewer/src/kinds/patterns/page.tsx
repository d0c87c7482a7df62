import type { Overview, PatternImage, PatternSet } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Curve } from "./curve";
import { Image } from "../../parts/picture";
import { Choose } from "../../parts/take";
import { Explain, Facts, MadeBy, Missing } from "../../parts/words";
import { href } from "../../core/routes";

export function PatternsPage({ overview, record, target }: { overview: Overview; record: string | undefined; target: number | undefined }) {
  const { t } = useSpeech();
  const sets = record ? overview.patterns.filter((set) => set.record === record) : overview.patterns;
  if (record && sets.length === 0) return <Missing name={record} />;
  const one = target === undefined ? undefined : sets[0]?.images[target];
  if (sets[0] && one) return <One overview={overview} set={sets[0]} image={one} target={target ?? 0} />;
  const paper = overview.records[sets[0]?.record ?? ""]?.paper;
  return (
    <>
      <header className="page-head">
        <h1>{t("patterns")}</h1>
        {sets.length === 0 ? <p className="lead">{t("patterns.none")}</p> : <Explain text="patterns.explain" paper={paper} />}
      </header>
      {sets.map((set) => (
        <section key={set.record}>
          <div className="row-head">
            <h2>{overview.networks.find((n) => n.fingerprint === set.network)?.name}</h2>
            <MadeBy made={overview.records[set.record]} />
          </div>
          <ul className="patterns tiles broad">
            {set.images.map((image, i) => (
              <li key={i}>
                <figure className="pattern fit">
                  <a href={href({ page: "patterns", record: set.record, target: i })} aria-label={t("patterns.open", { target: image.target })}>
                    <Image picture={image.picture} alt={t("patterns.alt", { target: image.target })} eager={i < 6} />
                  </a>
                  <figcaption className="stack close below">
                    <strong>{image.target}</strong>
                    <Reached image={image} />
                    <History image={image} steps={set.steps} />
                  </figcaption>
                </figure>
                <Choose one={{ name: image.target, record: set.record, part: i }} />
              </li>
            ))}
          </ul>
          <p className="caption">{t("patterns.scale")}</p>
        </section>
      ))}
    </>
  );
}

function One({ overview, set, image, target }: { overview: Overview; set: PatternSet; image: PatternImage; target: number }) {
  const { t, number, percent } = useSpeech();
  const made = overview.records[set.record];
  const to = (i: number) => (set.images[i] ? href({ page: "patterns", record: set.record, target: i }) : undefined);
  const [before, after] = [to(target - 1), to(target + 1)];
  const facts: [string, string][] = [];
  if (image.score !== null) facts.push([t(image.probability === null ? "patterns.score" : "patterns.logit"), number(image.score)]);
  if (image.probability !== null) facts.push([t("patterns.probability"), percent(image.probability)]);
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "patterns" })}>← {t("nav.back", { name: t("patterns") })}</a>
        <span>
          {before ? <a href={before}>‹ {t("nav.previous")}</a> : <span className="quiet">‹ {t("nav.previous")}</span>}
          {after ? <a href={after}>{t("nav.next")} ›</a> : <span className="quiet">{t("nav.next")} ›</span>}
        </span>
      </nav>
      <header className="page-head tight">
        <h1>{image.target}</h1>
        <p className="lead">
          {overview.networks.find((n) => n.fingerprint === set.network)?.name} · <MadeBy made={made} /> <Choose inline one={{ name: image.target, record: set.record, part: target }} />
        </p>
        <Explain text="patterns.explain" paper={made?.paper} />
      </header>
      <div className="split">
        <figure className="fit">
          <Image picture={image.picture} alt={t("patterns.alt", { target: image.target })} eager />
          <figcaption className="caption below">
            {t("patterns.caption", { target: image.target })} {t("patterns.scale")}
          </figcaption>
        </figure>
        <div>
          <Facts items={facts} />
          <History image={image} steps={set.steps} height={140} />
        </div>
      </div>
    </>
  );
}

function Reached({ image }: { image: PatternImage }) {
  const { t, number, percent } = useSpeech();
  return (
    <span className="row">
      {image.score !== null && (
        <span>
          <span className="quiet">{t(image.probability === null ? "patterns.score" : "patterns.logit")}</span> {number(image.score)}
        </span>
      )}
      {image.probability !== null && (
        <span>
          <span className="quiet">{t("patterns.probability")}</span> {percent(image.probability)}
        </span>
      )}
    </span>
  );
}

function History({ image, steps, height }: { image: PatternImage; steps: number; height?: number }) {
  const { t, number } = useSpeech();
  const values = image.history.filter((v) => v !== null);
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined || values.length < 2) return null;
  return (
    <span>
      <Curve values={image.history} alt={t("patterns.history.alt", { first: number(first), last: number(last) })} {...(height ? { height } : {})} />
      <span className="ends small quiet number">
        <span>{number(first)}</span>
        <span>{t("patterns.history", { n: steps })}</span>
        <span>{number(last)}</span>
      </span>
    </span>
  );
}
