import { href } from "../../core/routes";
import type { FaultView } from "../../generated/document";
import { useSpeech } from "../../i18n";

/** The numbers behind a finding; those that decide stand against their thresholds. */
export function Evidence({ found, survey }: { found: FaultView; survey: string }) {
  const { t, maybe, number, percent, integer } = useSpeech();
  const shares = ["share_images", "share_active", "share_of_power", "share_of_projected_power", "common_examples"];
  return (
    <span className="small quiet">
      {Object.entries(found.evidence).map(([name, value], i) => (
        <span key={name}>
          {i > 0 && " · "}
          {name === "of" && value !== null ? (
            <>
              {t("finding.of")}{" "}
              <a href={href({ page: "survey-unit", survey, layer: found.layer, unit: value })}>{integer(value)}</a>
            </>
          ) : (
            `${maybe(`finding.${name}`, name.replaceAll("_", " "))} ${value === null ? "–" : shares.includes(name) ? percent(value) : number(value)}`
          )}
        </span>
      ))}
    </span>
  );
}
