import { createRoot } from "react-dom/client";
import { App } from "./app";
import { apply, ready } from "./settings";
import { listen } from "./live";
import { findSource, LiveSource } from "./source";
import "./style.css";

apply();
const root = document.getElementById("root");
const source = findSource();
if (source instanceof LiveSource) listen(source);
void source.overview().catch(() => undefined); // asked for at once; the page says what went wrong
void ready().then(() => root && createRoot(root).render(<App source={source} />));
