// What every page knows without being handed it.
import { createContext } from "react";
import type { Overview } from "../generated/document";

export const Workspace = createContext<Overview | null>(null);
