// Words beside the rows of a heatmap, the one looked at in bold.
import { visible } from "../../parts/sequence/tokens";

export function RowLabels({ words, tall, chosen }: { words: readonly string[]; tall: number; chosen: number | null }) {
  return (
    <span className="row-labels">
      {words.map((word, i) => (
        <span key={i} className={i === chosen ? "one-line now" : "one-line"} style={{ height: tall, lineHeight: `${tall}px` }}>
          {visible(word)}
        </span>
      ))}
    </span>
  );
}
