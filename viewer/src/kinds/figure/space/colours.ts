import { CLASSES, GREY } from "../../../parts/colours";

const COLOURED = 8; // larger regions have a colour of their own, the rest is grey

export const regionColour = (region: number) => (region < COLOURED ? (CLASSES[region] ?? GREY) : GREY);
