import { createRoot } from "react-dom/client";
import { App } from "./frame/app";
import "./kinds";
import { apply, ready } from "./core/settings";
import { listen } from "./core/live";
import { findSource, LiveSource } from "./core/source";
import "./generated/colours.css";
import "./style.css";

apply();
const root = document.getElementById("root");
const source = findSource();
if (source instanceof LiveSource) listen(source);
// The first drawing has its words and its data: a waiting line in between would be held for a while by React itself.
const overview = source.overview().catch(() => undefined); // the page says what went wrong
// So has it its letters, which stand in the style sheet: others would be of another width, and lines would move.
const letters = document.fonts.load("14px Inter").catch(() => undefined);
void Promise.all([ready(), overview, letters]).then(() => root && createRoot(root).render(<App source={source} />));
