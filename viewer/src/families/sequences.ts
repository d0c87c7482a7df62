// Sequences and what is found in them: one piece of the viewer.
export { CellsView } from "../pages/cells";
export { MatchesView } from "../pages/matches";
export { MemoryView } from "../pages/memory";
export { SequenceView } from "../pages/sequence";
export { FigureView } from "../pages/sequence-figure";
