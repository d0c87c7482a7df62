import { CLASSES, NO_CLASS } from "../../../generated/tables";

const COLOURED = 8; // larger regions have a colour of their own, the rest is grey

export const regionColour = (region: number) => (region < COLOURED ? (CLASSES[region] ?? NO_CLASS) : NO_CLASS);
