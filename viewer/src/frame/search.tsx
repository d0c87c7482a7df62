// The search box of the header: "/" reaches it, arrows choose, Enter goes.
import { Suspense, useEffect, useId, useMemo, useRef, useState } from "react";
import type { Overview } from "../generated/document";
import { useSpeech } from "../i18n";
import { server } from "../core/live";
import { later } from "../core/piece";
import { href } from "../core/routes";
import type { Found } from "../core/pages";
import { labelsOf, search } from "./find";
import { isLive } from "../core/source";

const Keys = later("keys", () => import("./keys"));

/** Where keys write. */
const WRITTEN = "textarea, [contenteditable], input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=file])";

export function Search({ overview }: { overview: Overview }) {
  const { t, maybe } = useSpeech();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const [open, setOpen] = useState(false);
  const [all, setAll] = useState<string[]>([]);
  const [files, setFiles] = useState<Found[]>([]);
  const [help, setHelp] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const list = useId();
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const on = event.target instanceof Element && event.target.closest(WRITTEN);
      if (on || event.ctrlKey || event.metaKey || (event.key !== "/" && event.key !== "?")) return;
      event.preventDefault();
      if (event.key === "/") box.current?.focus();
      else setHelp(true);
    };
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, []);
  useEffect(() => {
    if (!isLive || text.trim().length < 2) {
      setFiles([]);
      return;
    }
    let late = false;
    const timer = setTimeout(() => {
      server.data(text, 0, 6).then(
        (page) => late || setFiles(page.items.map((item) => ({ kind: "data", text: item.name, data: item.index }))),
        () => late || setFiles([]),
      );
    }, 120);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [text]);
  const known = useMemo(() => (all.length ? all : labelsOf(overview)), [all, overview]);
  const found = useMemo(() => [...search(text, overview, known), ...files], [text, overview, known, files]);
  const at = Math.min(chosen, found.length - 1);
  const go = (item: Found | undefined) => {
    if (!item) return;
    setOpen(false);
    setText("");
    box.current?.blur();
    if (item.route) window.location.hash = href(item.route);
    else if (item.data !== undefined)
      void server.openData(item.data).then((opened) => {
        window.location.hash = href({ page: "image", image: opened.id });
      });
  };
  const shown = open && text.trim() !== "";
  return (
    <search className="search">
      <input
        ref={box}
        type="search"
        role="combobox"
        aria-label={t("search.label")}
        aria-expanded={shown}
        aria-controls={list}
        aria-activedescendant={shown && at >= 0 ? `${list}-${at}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        placeholder={t("search.hint")}
        value={text}
        onFocus={() => {
          setOpen(true);
          if (isLive && all.length === 0) void server.labels().then(setAll, () => undefined);
        }}
        onBlur={() => setOpen(false)}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
          setOpen(true);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            setChosen((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % Math.max(1, found.length));
          } else if (event.key === "Enter") go(found[at]);
          else if (event.key === "Escape") {
            setText("");
            box.current?.blur();
          }
        }}
      />
      <ul id={list} role="listbox" aria-label={t("search.label")} className={shown ? "found floating" : "sr"}>
        {shown &&
          found.map((item, i) => (
            <li
              key={`${item.kind}/${item.text}/${item.more ?? ""}`}
              id={`${list}-${i}`}
              role="option"
              aria-selected={i === at}
              onPointerDown={(event) => {
                event.preventDefault();
                go(item);
              }}
              onPointerEnter={() => setChosen(i)}
            >
              <span className="quiet small">{maybe(`search.${item.kind}`, item.kind)}</span> <span>{item.text}</span>
              {item.more && <span className="quiet small"> {item.more}</span>}
            </li>
          ))}
      </ul>
      {help && (
        <Suspense>
          <Keys close={() => setHelp(false)} />
        </Suspense>
      )}
      {shown && found.length === 0 && <p className="found floating none quiet">{t("search.none")}</p>}
    </search>
  );
}
