// The folder of pictures that the server was started with: a click shows one to the network.
import { useDeferredValue, useEffect, useState } from "react";
import type { DataItem } from "../document";
import { useSpeech } from "../i18n";
import { server, thumb, useSession } from "../live";
import { href } from "../routes";
import { ChoosePicture } from "./shell";

const PAGE = 24;

export function DataFolder() {
  const { t, integer } = useSpeech();
  const session = useSession();
  const [find, setFind] = useState("");
  const wanted = useDeferredValue(find);
  const [items, setItems] = useState<DataItem[]>([]);
  const [total, setTotal] = useState(0);
  const [busy, setBusy] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const has = session?.data != null;
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
  if (!session) return null;
  const ready = session.network.state === "ready";
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
        setProblem(error.message);
      },
    );
  };
  return (
    <section className="data">
      <div className="row-head">
        <h2>{t("data.title")}</h2>
        {has && <span className="quiet">{t("data.count", { n: total, name: session.data?.name ?? "" })}</span>}
        {ready && <ChoosePicture />}
        {has && <input type="search" value={find} placeholder={t("data.find")} aria-label={t("data.find")} onChange={(event) => setFind(event.target.value)} />}
      </div>
      <p className="caption">{t(ready ? "data.hint" : session.network.state === "loading" ? "studio.network.loading" : "drop.nonetwork")}</p>
      {problem && (
        <p className="note" role="alert">
          {problem}
        </p>
      )}
      <ul className="data-strip">
        {items.map((item) => (
          <li key={item.index}>
            <button type="button" disabled={!ready || busy !== null} aria-busy={busy === item.index} onClick={() => open(item)} title={item.name}>
              <img src={thumb(item.index)} width={120} height={90} alt={item.name} loading="lazy" decoding="async" />
            </button>
          </li>
        ))}
      </ul>
      {items.length < total && (
        <button type="button" onClick={() => void server.data(wanted, items.length, PAGE).then((page) => setItems([...items, ...page.items]))}>
          {t("data.more", { n: total - items.length })} <span className="sr">{integer(items.length)}</span>
        </button>
      )}
    </section>
  );
}
