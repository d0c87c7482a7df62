import { createRoot } from "react-dom/client";
import { App } from "./app";
import { apply } from "./settings";
import { findSource } from "./source";
import "./style.css";

apply();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App source={findSource()} />);
