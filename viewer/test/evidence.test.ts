import { describe, expect, it } from "vitest";
import { weigh } from "../src/kinds/image/evidence";
import { learn, speech } from "../src/i18n";

await learn("en");
const en = speech("en");

describe("a region's evidence", () => {
  const evidence = { area: 0.3, score: 9, score_region: 2, probability: 0.9, probability_region: 0.02, probability_without: 0.8, probability_centred: 0.5, saliency_inside: 0.04, saliency_outside: 0.02, centred_overlap: null };

  it("compares the region with the whole, with a centred box and with the rest", () => {
    const { unit, compared } = weigh(evidence, en);
    expect(unit).toBe("probability");
    expect(compared.map((c) => c.value)).toEqual([0.9, 0.02, 0.5, 0.8]);
    expect(compared.filter((c) => !c.quiet).map((c) => c.label)).toEqual(["only the region"]);
  });

  it("falls back on scores where the target is no class", () => {
    const { unit, compared } = weigh({ score: 9, score_region: 2, score_without: 8, score_centred: 1 }, en);
    expect(unit).toBe("score");
    expect(compared.map((c) => c.value)).toEqual([9, 2, 1, 8]);
  });

  it("leaves no number unsaid, and says nothing where there is none", () => {
    expect(weigh({ area: 0.25, surprise_of_mine: 1.5, layer: "features.3", map: [7, 7] }, en).rows).toEqual([
      ["Area of the photograph", "25%"],
      ["surprise of mine", "1.5"],
      ["Layer", "features.3"],
      ["Map", "7, 7"],
    ]);
    expect(weigh({}, en)).toEqual({ unit: "score", compared: [], rows: [] });
  });
});
