// Which cell the page is about: state, unit number, or one that was found.
import { useId } from "react";
import type { CellFinding, SequencePage } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { unpack } from "../../core/values";
import { trackName } from "../../parts/sequence/names";
import { findCell, placeName, unitOf, type Cell } from "../../parts/sequence/states";

type Shown = { page: SequencePage; cell: Cell; findings: readonly CellFinding[]; choose: (cell: Cell) => void };

export function Picker({ page, cell, findings, choose }: Shown) {
  const speech = useSpeech();
  const { t, number } = speech;
  const [place, unit] = [useId(), useId()];
  const chosen = page.places[cell.place];
  const units = chosen ? (unpack(chosen.units) as Uint16Array) : new Uint16Array();
  const best = new Map<string, CellFinding>();
  for (const finding of findings) if (!best.has(finding.track)) best.set(finding.track, finding);
  const shown = [...best.values()].sort((a, b) => Number(b.survives) - Number(a.survives));
  const go = (row: number) => choose({ place: cell.place, row: (row + units.length) % units.length });
  const moved = (index: number) => {
    // The same unit in another state, where it has it.
    const next = page.places[index];
    if (!next) return;
    const row = (unpack(next.units) as Uint16Array).indexOf(unitOf(page, cell));
    choose({ place: index, row: Math.max(0, row) });
  };
  return (
    <section className="picker stack over">
      <div className="picker-row row">
        <label htmlFor={place}>{t("sequence.place")}</label>
        <select id={place} value={cell.place} onChange={(event) => moved(Number(event.target.value))}>
          {page.places.map((one, i) => (
            <option key={i} value={i}>
              {placeName(one)}
            </option>
          ))}
        </select>
        <label htmlFor={unit}>{t("unit")}</label>
        <button type="button" aria-label={t("nav.previous")} onClick={() => go(cell.row - 1)}>
          ‹
        </button>
        <input
          id={unit}
          type="number"
          min={units[0] ?? 0}
          max={units.at(-1) ?? 0}
          value={units[cell.row] ?? 0}
          onChange={(event) => {
            const row = units.indexOf(Number(event.target.value));
            if (row >= 0) choose({ place: cell.place, row });
          }}
        />
        <button type="button" aria-label={t("nav.next")} onClick={() => go(cell.row + 1)}>
          ›
        </button>
      </div>
      {shown.length > 0 && (
        <div className="toggles" role="group" aria-label={t("sequence.found")}>
          {shown.map((finding) => {
            const found = findCell(page, [finding.layer, finding.direction, finding.state, finding.unit].join("|"));
            if (!found) return null;
            const current = found.place === cell.place && found.row === cell.row;
            return (
              <button
                key={finding.track}
                type="button"
                className={finding.survives ? "toggle chip" : "toggle chip weak"}
                aria-pressed={current}
                title={t(finding.survives ? "cells.survives" : finding.verdict === "undecided" ? "cells.undecided" : "cells.fails")}
                onClick={() => choose(found)}
              >
                <strong>{trackName(speech, finding.track)}</strong> {finding.state} {finding.unit} {finding.sign > 0 ? "+" : "−"}
                {finding.held_out !== null && <span className="quiet">· {number(finding.held_out)}</span>}
              </button>
            );
          })}
        </div>
      )}
    </section>
  );
}
