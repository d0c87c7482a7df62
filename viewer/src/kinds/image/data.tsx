// The folder of pictures that the server was started with: a click shows one to the network.
import { useDeferredValue, useEffect, useState } from "react";
import type { DataItem } from "../../generated/document";
import { useSpeech } from "../../i18n";
import { server, thumb, useSession } from "../../core/live";
import { href } from "../../core/routes";
import { folder } from "../../core/source";
import { useProblem } from "../../parts/jobs";
import { ChoosePicture } from "./choose";

const PAGE = 24;

export function DataFolder() {
  const { t, integer } = useSpeech();
  const session = useSession();
  const [find, setFind] = useState("");
  const wanted = useDeferredValue(find);
  const [items, setItems] = useState<DataItem[] | null>(null);
  const [total, setTotal] = useState(folder?.count ?? 0);
  const [busy, setBusy] = useState<number | null>(null);
  const [problem, setProblem] = useProblem();
  const has = folder !== null;
  useEffect(() => {
    if (!has) return;
    let late = false;
    void server.data(wanted, 0, PAGE).then((page) => {
      if (late) return;
      setItems(page.items);
      setTotal(page.total);
    });
    return () => void (late = true);
  }, [has, wanted]);
  const ready = session?.network.state === "ready";
  const shown = items?.length ?? Math.min(PAGE, total);
  const open = (item: DataItem) => {
    setBusy(item.index);
    setProblem(null);
    server.openData(item.index).then(
      (opened) => {
        setBusy(null);
        if (!opened.known) void server.explain(opened.id).catch(() => undefined);
        window.location.hash = href({ page: "image", image: opened.id });
      },
      (error: Error) => {
        setBusy(null);
        setProblem(error);
      },
    );
  };
  return (
    <section className="data screen-only">
      <div className="row-head">
        <h2>{t("data.title")}</h2>
        {folder && <span className="quiet">{t("data.count", { n: total, name: folder.name })}</span>}
        {ready && <ChoosePicture />}
        {has && <input type="search" value={find} placeholder={t("data.find")} aria-label={t("data.find")} onChange={(event) => setFind(event.target.value)} />}
      </div>
      <p className="caption">{t(ready ? "data.hint" : session?.network.state !== "none" && session?.network.state !== "failed" ? "studio.network.loading" : "drop.nonetwork")}</p>
      {problem && (
        <p className="note" role="alert">
          {problem}
        </p>
      )}
      <ul className="data-strip tiles narrow">
        {/* Until they are here the pictures' places are kept: nothing below jumps. */}
        {items === null &&
          Array.from({ length: shown }, (_, i) => (
            <li key={i}>
              <span className="data-place shaded" />
            </li>
          ))}
        {items?.map((item) => (
          <li key={item.index}>
            <button type="button" className="bare data-place cover" disabled={!ready || busy !== null} aria-busy={busy === item.index} onClick={() => open(item)} title={item.name}>
              <img src={thumb(item.index)} width={120} height={90} alt={item.name} loading="lazy" decoding="async" />
            </button>
          </li>
        ))}
      </ul>
      {shown < total && (
        <button type="button" onClick={() => void server.data(wanted, shown, PAGE).then((page) => setItems([...(items ?? []), ...page.items]))}>
          {t("more.n", { n: total - shown })} <span className="sr">{integer(shown)}</span>
        </button>
      )}
    </section>
  );
}
