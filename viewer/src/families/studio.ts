// What a live server adds to the pages: one piece of the viewer.
export { JobsPage } from "../kinds/jobs/page";
export { Doing } from "../kinds/image/doing";
export { MethodForm } from "../parts/form";
