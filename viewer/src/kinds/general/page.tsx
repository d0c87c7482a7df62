// A result of a kind that brings no page of its own.
import { href } from "../../core/routes";
import { extent, unpack } from "../../core/values";
import type { GeneralPage as Page, Overview, TitledCurves } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { CLASSES, NO_CLASS } from "../../generated/tables";
import { Lines } from "../../parts/lines";
import { Image } from "../../parts/picture";
import { ScaleLine } from "../../parts/scale";
import { Table } from "../../parts/table";
import { Explain, MadeBy } from "../../parts/words";
import { kindName } from "./cards";

export default function GeneralPage({ overview, page }: { overview: Overview; page: Page }) {
  const { t } = useSpeech();
  const made = page.records[page.record];
  const network = overview.networks.find((one) => one.fingerprint === page.network);
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "overview" })}>← {t("nav.overview")}</a>
      </nav>
      <header className="page-head tight">
        <h1>{kindName(page.kind)}</h1>
        <p className="lead">
          {network && `${network.name} · `}
          <MadeBy made={made} />
        </p>
        {page.known && <Explain text="general.explain" paper={made?.paper} />}
      </header>
      {page.known ? <p className="caption">{page.caption}</p> : <p className="note">{t("state.unknown", { kind: kindName(page.kind) })}</p>}
      {page.pictures.length > 0 && (
        <div className="tiles filled fit general-pictures">
          {page.pictures.map(({ title, picture, scale }, i) => (
            <figure key={i}>
              <Image picture={picture} alt={title || page.caption} eager={i < 6} />
              {(title || scale) && (
                <figcaption className="small below">
                  <strong>{title}</strong> {scale && <ScaleLine scale={scale} />}
                </figcaption>
              )}
            </figure>
          ))}
        </div>
      )}
      {page.curves.length > 0 && (
        <div className="tiles broad fit curves">
          {page.curves.map((curves, i) => (
            <Curves key={i} curves={curves} />
          ))}
        </div>
      )}
      {page.tables.map(({ title, columns, rows }, i) => (
        <section key={i}>
          <h2>{title}</h2>
          <Table title={title} columns={columns} rows={rows} />
        </section>
      ))}
    </>
  );
}

function Curves({ curves: { title, x, lines } }: { curves: TitledCurves }) {
  const { t, number } = useSpeech();
  const drawn = lines.map(({ name, y }, i) => ({ name, values: unpack(y), colour: CLASSES[i] ?? NO_CLASS }));
  const ends = drawn.map(({ values }) => extent(values));
  const [low, top] = [Math.min(...ends.map(([from]) => from)), Math.max(...ends.map(([, to]) => to))];
  const alt = t("general.curves.alt", { title, names: drawn.map(({ name }) => name).join(", "), low: number(low), high: number(top) });
  return (
    <figure>
      <figcaption className="small">
        <strong>{title}</strong>{" "}
        {drawn.map(({ name, colour }) => (
          <span key={name} className="legend">
            <span className="swatch" style={{ background: colour }} aria-hidden="true" />
            {name}
          </span>
        ))}
      </figcaption>
      <Lines steps={unpack(x)} curves={drawn.map(({ values, colour }) => ({ values, style: { stroke: colour, strokeWidth: 2 } }))} low={low} top={top} alt={alt} step={number} value={number} />
    </figure>
  );
}
