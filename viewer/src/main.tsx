import { createRoot } from "react-dom/client";
import { App } from "./app";
import { apply } from "./settings";
import { listen } from "./live";
import { findSource, LiveSource } from "./source";
import "./style.css";

apply();
const root = document.getElementById("root");
const source = findSource();
if (source instanceof LiveSource) listen(source);
if (root) createRoot(root).render(<App source={source} />);
