import { href } from "../../core/routes";
import type { Overview } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { Listed } from "../../parts/listed";
import { Image } from "../../parts/picture";

export function Patterns({ overview }: { overview: Overview }) {
  const { t } = useSpeech();
  const images = overview.patterns.flatMap((set) => set.images.map((image, target) => ({ set, image, target })));
  if (images.length === 0) return null;
  return (
    <Listed title={t("patterns")} more={<a href={href({ page: "patterns" })}>{t("overview.patterns.more")}</a>}>
      <ul className="tiles narrow">
        {images.slice(0, 12).map(({ set, image, target }) => (
          <li key={`${set.record}/${target}`}>
            <a className="card plain" href={href({ page: "patterns", record: set.record, target })}>
              <span className="card-picture as-square cover shaded">
                <Image picture={image.thumb ?? image.picture} alt="" />
              </span>
              <span className="card-text">
                <strong>{image.target}</strong>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </Listed>
  );
}
