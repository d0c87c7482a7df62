// Sequences and what is found in them: one piece of the viewer.
export { CellsView } from "../kinds/cells/page";
export { MatchesView } from "../kinds/matches/page";
export { MemoryView } from "../kinds/memory/page";
export { SequenceView } from "../kinds/sequence/page";
export { FigureView } from "../kinds/figure/page";
