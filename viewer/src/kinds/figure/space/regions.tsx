// What stands out in each region of the state space, and where a step leads from there.
import type { StateSpaceView } from "../../../generated/document";
import { useSpeech } from "../../../i18n";
import { trackName } from "../../../parts/sequence/names";
import { visible } from "../../../parts/sequence/tokens";
import { shares } from "./moves";
import { regionColour } from "./colours";

export function Regions({ view, region, choose }: { view: StateSpaceView; region: number | null; choose: (region: number | null) => void }) {
  const speech = useSpeech();
  const { t, percent, integer, number } = speech;
  const leads = shares(view);
  return (
    <section>
      <h2>{t("space.regions")}</h2>
      <div className="scroll" tabIndex={0} aria-label={t("space.regions")}>
        <table className="numbers regions">
          <thead>
            <tr>
              <th scope="col">{t("space.region.head")}</th>
              <th scope="col">{t("losses.steps")}</th>
              <th scope="col">{t("space.tokens")}</th>
              <th scope="col">{t("space.tracks")}</th>
              <th scope="col">{t("space.leads")}</th>
            </tr>
          </thead>
          <tbody>
            {view.about.map((about, n) => (
              <tr key={n} className={region !== null && region !== n ? "dim" : undefined} onMouseEnter={() => choose(n)} onMouseLeave={() => choose(null)}>
                <th scope="row">
                  <button type="button" className="bare row region" aria-pressed={region === n} onFocus={() => choose(n)} onBlur={() => choose(null)} onClick={() => choose(n)}>
                    <span className="swatch" style={{ background: regionColour(n) }} /> {n}
                  </button>
                </th>
                <td>{integer(about.steps)}</td>
                <td>
                  {about.tokens.slice(0, 6).map(({ name, share }, i) => (
                    <code key={i} className="stands" title={percent(share)}>
                      {visible(name)}
                    </code>
                  ))}
                </td>
                <td>
                  {about.tracks
                    .slice(0, 3)
                    .map(({ name, share, lift }) => `${trackName(speech, name)} ${percent(share)} (×${number(lift)})`)
                    .join(", ")}
                </td>
                <td>
                  {(leads[n] ?? [])
                    .map((share, to) => ({ share, to }))
                    .sort((a, b) => b.share - a.share)
                    .slice(0, 3)
                    .filter((one) => one.share >= 0.01)
                    .map((one) => `${one.to === n ? t("space.itself") : one.to} ${percent(one.share)}`)
                    .join(", ")}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="caption">{t("space.regions.caption")}</p>
    </section>
  );
}
