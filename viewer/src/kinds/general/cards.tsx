import { href } from "../../core/routes";
import type { Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Listed } from "../../parts/listed";
import { Image } from "../../parts/picture";

/** A kind has the name that its package gave it. */
export const kindName = (kind: string) => kind.replaceAll("_", " ");

/** Results of kinds without a page of their own, each kind under its name. */
export function General({ overview: { general, networks } }: { overview: Overview }) {
  const { maybe } = useSpeech();
  return [...new Set(general.map((card) => card.kind))].map((kind) => (
    <Listed key={kind} title={kindName(kind)}>
      <ul className="cards tiles">
        {general
          .filter((card) => card.kind === kind)
          .map((card) => (
            <li key={card.id}>
              <a className="card plain" href={href({ page: "general", general: card.id })}>
                {card.thumb && (
                  <span className="card-picture cover shaded">
                    <Image picture={card.thumb} alt="" />
                  </span>
                )}
                <span className="card-text">
                  <strong>{maybe(`method.${card.method}`, card.method)}</strong>
                  <span className="quiet small whole-row">{networks.find((one) => one.fingerprint === card.network)?.name}</span>
                </span>
              </a>
            </li>
          ))}
      </ul>
    </Listed>
  ));
}
