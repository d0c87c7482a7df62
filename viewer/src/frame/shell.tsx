// What a live server adds around every page: pictures dropped or pasted anywhere, and the state of the work.
import { useEffect, useState } from "react";
import { useSpeech } from "../i18n";
import { server, useConnected, useSession } from "../core/live";
import { href } from "../core/routes";

/** Look at a picture of one's own: its prediction at once, the usual methods as jobs. Returns the picture's page. */
export async function lookAt(file: Blob, name: string): Promise<string> {
  const opened = await server.upload(file, name);
  if (!opened.known) void server.explain(opened.id).catch(() => undefined);
  return opened.id;
}

export function Shell() {
  const { t } = useSpeech();
  const session = useSession();
  const [state, setState] = useState<"idle" | "over" | "busy">("idle");
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const take = (files: Iterable<File> | null | undefined) => {
      const file = [...(files ?? [])].find((f) => f.type.startsWith("image/"));
      if (!file) return false;
      setState("busy");
      setProblem(null);
      lookAt(file, file.name || "picture.png").then(
        (id) => {
          setState("idle");
          window.location.hash = href({ page: "image", image: id });
        },
        (error: Error) => {
          setState("idle");
          setProblem(error.message);
        },
      );
      return true;
    };
    const over = (event: DragEvent) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      setState("over");
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setState("idle");
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setState("idle");
      if (!take(event.dataTransfer?.files)) setProblem("drop.none");
    };
    const paste = (event: ClipboardEvent) => {
      if (take(event.clipboardData?.files)) event.preventDefault();
    };
    const own = (event: Event) => take((event as CustomEvent<File[]>).detail);
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    window.addEventListener("paste", paste);
    window.addEventListener("deepro:pictures", own);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
      window.removeEventListener("paste", paste);
      window.removeEventListener("deepro:pictures", own);
    };
  }, []);
  const connected = useConnected();
  return (
    <>
      {state !== "idle" && (
        <div className="drop" role="status">
          <p>{t(state === "busy" ? "drop.busy" : session?.network.state === "none" ? "drop.nonetwork" : "drop.here")}</p>
        </div>
      )}
      {problem !== null && (
        <div className="toast row floating screen-only" role="alert">
          <span>{problem === "drop.none" ? t("drop.none") : problem}</span>
          <button type="button" onClick={() => setProblem(null)}>
            {t("studio.close")}
          </button>
        </div>
      )}
      {!connected && (
        <div className="toast row floating screen-only quiet" role="status">
          {t("studio.lost")}
        </div>
      )}
    </>
  );
}
