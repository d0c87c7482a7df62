// A row of tokens, coloured by a number each, that mouse and arrow keys go through.
import type { CSSProperties, KeyboardEvent } from "react";
import { useSpeech } from "../../i18n";
import { rgb } from "../../parts/sequence/lanes";
import { visible } from "../../parts/sequence/tokens";
import { stepName } from "../../parts/sequence/read";

type Shown = {
  tokens: readonly string[];
  label: string;
  chosen: number | null;
  /** The ground of a token, 0xAABBGGRR, or null. */
  ground: (index: number) => number | null;
  /** A number beneath it; empty where there is none. */
  below: (index: number) => string;
  hover: (index: number | null) => void;
  choose: (index: number) => void;
  /** Which can be chosen; all where it is left out. */
  open?: (index: number) => boolean;
};

export function TokenRow({ tokens, label, chosen, ground, below, hover, choose, open = () => true }: Shown) {
  const speech = useSpeech();
  const stops = tokens.map((_, i) => i).filter(open);
  const home = chosen !== null && open(chosen) ? chosen : (stops[0] ?? 0);
  const key = (event: KeyboardEvent<HTMLDivElement>) => {
    const at = stops.indexOf(home);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: stops.length - 1 }[event.key];
    const next = to === undefined ? undefined : stops[Math.max(0, Math.min(stops.length - 1, to))];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus();
  };
  return (
    <div className="token-row" role="group" aria-label={label} onKeyDown={key} onMouseLeave={() => hover(null)}>
      {tokens.map((token, i) => {
        const colour = ground(i);
        const style: CSSProperties = colour === null ? {} : { background: rgb(colour) };
        return (
          <button
            key={i}
            type="button"
            data-index={i}
            className="token"
            tabIndex={i === home ? 0 : -1}
            aria-pressed={i === chosen}
            title={stepName(i, token, speech)}
            disabled={!open(i)}
            style={style}
            onMouseEnter={() => hover(i)}
            onFocus={() => choose(i)}
            onClick={() => choose(i)}
          >
            <span>{visible(token)}</span>
            <small>{below(i)}</small>
          </button>
        );
      })}
    </div>
  );
}
