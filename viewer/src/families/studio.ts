// What a live server adds to the pages: one piece of the viewer.
export { JobsPage } from "../pages/jobs";
export { Doing } from "../parts/doing";
export { MethodForm } from "../parts/form";
