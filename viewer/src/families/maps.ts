// Maps and atlases: one piece of the viewer.
export { AtlasPage } from "../pages/atlas";
export { MapPage } from "../pages/map";
export { MapsPage } from "../pages/maps";
