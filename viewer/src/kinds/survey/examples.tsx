// In the Studio examples of units are made when the units are looked at.
import { useEffect, useRef, type ReactNode } from "react";
import { server, useJobs, useSession } from "../../core/live";
import type { SurveyLayerPage, SurveyPage } from "../../generated/document";
import { isActive, Making } from "../../parts/jobs";

const AT_ONCE = 16; // units of one job
const PAUSE = 500; // milliseconds that units are looked at before anything is made

/** Has examples made of units that have none. Returns what is told of it; undefined where none can be made. */
export function useExamples(survey: SurveyPage, layer: SurveyLayerPage, units: readonly number[]): ReactNode | undefined {
  const session = useSession();
  const jobs = useJobs();
  const asked = useRef(new Set<number>());
  const can = session?.network.state === "ready" && session.network.fingerprint === survey.network && session.network.pictures && session.data !== null;
  const own = jobs.filter(({ request: { method, arguments: given } }) => (method === "gallery" || method === "feeds") && given?.survey === survey.record && given.layer === layer.name);
  const busy = own.some(isActive);
  const wanted = units.filter((unit) => !asked.current.has(unit)).slice(0, AT_ONCE);
  const key = wanted.join();
  useEffect(() => {
    if (!can || busy || key === "") return undefined;
    const soon = setTimeout(() => {
      const units = key.split(",").map(Number);
      for (const unit of units) asked.current.add(unit);
      const given = { survey: survey.record, layer: layer.name, units };
      for (const method of ["gallery", "feeds"]) void server.submit({ method, arguments: given }).catch(() => undefined);
    }, PAUSE);
    return () => clearTimeout(soon);
  }, [can, busy, key, survey.record, layer.name]);
  return can && (busy || key !== "") ? <Making jobs={own} /> : undefined;
}
