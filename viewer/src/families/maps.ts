// Maps and atlases: one piece of the viewer.
export { AtlasPage } from "../kinds/atlas/page";
export { MapPage } from "../kinds/map/page";
export { MapsPage } from "../kinds/maps/page";
