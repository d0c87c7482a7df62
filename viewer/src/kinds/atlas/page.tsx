// A layer's space as pictures: each made for the mean direction of the codes that lie there.
import { useState } from "react";
import type { AtlasCell, AtlasPage as Page, Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Image } from "../../parts/picture";
import { Explain, Facts, MadeBy } from "../../parts/words";
import { href } from "../../core/routes";

export default function AtlasPage({ overview, page }: { overview: Overview; page: Page }) {
  const { t, percent, integer, number } = useSpeech();
  const [at, setAt] = useState(() => page.cells.reduce((best, cell, i) => (cell.count > (page.cells[best]?.count ?? 0) ? i : best), 0));
  const cell = page.cells[at];
  const made = overview.records[page.record];
  const network = overview.networks.find((n) => n.fingerprint === page.network);
  const share = (n: number) => percent(Math.round(100 * n) / 100);
  const classes = (c: AtlasCell) => c.classes.map((name, i) => `${name} ${share(c.shares[i] ?? 0)}`).join(", ");
  return (
    <>
      <nav className="crumbs">
        <a href={href({ page: "maps" })}>← {t("nav.back", { name: t("nav.maps") })}</a>
      </nav>
      <header className="page-head tight">
        <h1>{t("atlas.title", { layer: page.layer })}</h1>
        <p className="lead">
          {[t("atlas.lead", { n: page.cells.length, layer: page.layer }), network?.name].filter(Boolean).join(" · ")} · <MadeBy made={made} />
        </p>
        <Explain text="atlas.explain" paper={made?.paper} />
      </header>
      <div className="split aside fit">
        <div>
          <ul className="atlas" style={{ gridTemplateColumns: `repeat(${page.columns}, minmax(0, 1fr))` }}>
            {page.cells.map((c, i) => (
              <li key={i} style={{ gridRow: c.row + 1, gridColumn: c.column + 1 }}>
                <button type="button" className="pick" aria-pressed={i === at} onPointerEnter={() => setAt(i)} onFocus={() => setAt(i)} onClick={() => setAt(i)} title={t("atlas.cell", { n: c.count, classes: classes(c), cosine: number(c.cosine) })}>
                  <Image picture={c.picture} alt={t("atlas.alt", { n: c.count, classes: classes(c) })} eager />
                </button>
              </li>
            ))}
          </ul>
          <p className="caption">
            {t("atlas.caption", { layer: page.layer })} {page.kept !== null && t("atlas.kept", { share: share(page.kept) })}
          </p>
          {page.notes.map((note) => (
            <p className="caption" key={note}>
              {note}
            </p>
          ))}
        </div>
        {cell && (
          <aside className="atlas-one stack stay">
            <Image picture={cell.picture} alt={t("atlas.alt", { n: cell.count, classes: classes(cell) })} eager />
            <Facts
              rows
              items={[
                [t("atlas.count"), integer(cell.count)],
                [t("atlas.cosine"), number(cell.cosine)],
                [t("atlas.classes"), classes(cell)],
              ]}
            />
            <h2>{t("atlas.examples")}</h2>
            <ul className="tiles narrow">
              {cell.examples.map((name, k) => {
                const look = cell.looks[k];
                return (
                  <li key={name}>
                    {look && <Image picture={look} alt="" eager />}
                    <span className="quiet small whole-row">{name}</span>
                  </li>
                );
              })}
            </ul>
          </aside>
        )}
      </div>
      <p className="quiet foot">{page.data}</p>
    </>
  );
}
