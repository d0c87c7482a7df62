import { useSpeech } from "../i18n";
import type { Scale } from "../generated/document";

const GRADIENTS: { [K in Scale["kind"]]?: string } = {
  grey: "linear-gradient(90deg, #000, #fff)",
  signed: "linear-gradient(90deg, #000, #808080, #fff)",
  sequential: "var(--scale-sequential)",
  diverging: "var(--scale-diverging)",
};

/** How the numbers of a picture became its colours: the ends of the scale. */
export function ScaleLine({ scale: { kind, high } }: { scale: Scale }) {
  const { number } = useSpeech();
  const background = GRADIENTS[kind];
  if (!background) return null;
  return (
    <span className="legend">
      <span>{number(kind === "signed" || kind === "diverging" ? -high : 0)}</span>
      <span className="scale" style={{ background }} />
      <span>{number(high)}</span>
    </span>
  );
}
