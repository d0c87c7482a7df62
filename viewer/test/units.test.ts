import { describe, expect, it } from "vitest";
import type { LayerUnits, PhotographPage, Unit } from "../src/generated/document";
import { learn, speech } from "../src/i18n";
import { fidelity, field, findUnit, unitRoute } from "../src/kinds/image/units";

const unit = (n: number) => ({ unit: n }) as Unit;
const layer = (name: string, rule: string, ...units: number[]) =>
  ({ layer: name, rule, receptive_field: [7, 7], units: units.map(unit) }) as LayerUnits;
const layers = [layer("a", "deconvnet", 1, 2), layer("a", "guided", 1), layer("b", "deconvnet", 5)];
const photograph = { id: "cat", layers, seen: { width: 224, height: 224 } } as PhotographPage;
await learn("en");
const en = speech("en");

describe("a unit's address", () => {
  it("leads back to it, for every rule", () => {
    for (const l of layers)
      for (const u of l.units) {
        const route = unitRoute(photograph, l, u);
        if (route.page !== "unit") throw new Error(route.page);
        expect(findUnit(photograph, route.layer, route.unit, route.rule)).toEqual({ layer: l, unit: u });
      }
  });
  it("names the rule only where it must", () => {
    expect(unitRoute(photograph, layers[0]!, unit(1))).not.toHaveProperty("rule");
    expect(unitRoute(photograph, layers[1]!, unit(1))).toHaveProperty("rule", "guided");
  });
  it("of a unit that is not there is nothing", () => expect(findUnit(photograph, "a", 99)).toBeUndefined());
});

describe("what is said of a layer", () => {
  it("tells the receptive field", () => {
    expect(field(layers[0]!, photograph, en)).toBe("receptive field 7 × 7 px");
    expect(field({ ...layers[0]!, receptive_field: [300, 224] }, photograph, en)).toBe("sees the whole picture");
    expect(field({ ...layers[0]!, receptive_field: null }, photograph, en)).toBe("");
  });
  it("tells how far to trust the projection", () => {
    expect(fidelity({ rule: "deconvnet", rectifiers: 4, kinds: { relu: 4 }, left: {} }, en)).toBe("4 rectifiers on the way (relu) · none left out");
    expect(fidelity({ rectifiers: 1, kinds: { relu: 1 }, left: { silu: 3 } }, en)).toBe("1 rectifier on the way (relu) · left as they are: silu");
    expect(fidelity({}, en)).toBe("");
  });
});
