// The network as a drawing and a table: one piece of the viewer.
export { NetworkPage } from "../kinds/network/page";
