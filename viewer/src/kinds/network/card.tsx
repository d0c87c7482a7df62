import type { NetworkView } from "../../generated/document";
import { useSpeech, type Speech } from "../../i18n";
import { Facts } from "../../parts/words";

export function NetworkCard({ network, rows }: { network: NetworkView; rows?: boolean }) {
  const speech = useSpeech();
  const { t, integer } = speech;
  const items: [string, React.ReactNode][] = [
    [t("network.source"), <code>{network.source}</code>],
    [t("parameters"), integer(network.parameters)],
    [t("network.layers"), integer(network.layers.length)],
    [t("network.labels"), integer(network.labels)],
    [t("network.preprocess"), preprocessing(network.preprocess, speech)],
    [t("network.device"), [network.device, network.dtype].filter(Boolean).join(" · ")],
    [t("network.fingerprint"), <code title={network.fingerprint}>{network.fingerprint.slice(0, 16)}</code>],
  ];
  if (network.notes.length) items.push([t("notes"), network.notes.join(" · ")]);
  return <Facts items={items} {...(rows ? { rows } : {})} />;
}

function preprocessing(card: NetworkView["preprocess"], { t }: Speech): string {
  if (!card) return t("preprocess.none");
  if (Array.isArray(card.tokens)) return t("preprocess.tokens", { n: card.tokens.length });
  const list = (value: unknown) => (Array.isArray(value) ? [...new Set(value.map((v) => Number(Number(v).toPrecision(4))))].join(", ") : "");
  const shape = Array.isArray(card.size) ? (card.size as number[]).join(" × ") : "";
  const geometry = card.resize
    ? t("preprocess.resize", { resize: String(card.resize), size: shape })
    : t("preprocess.squeeze", { size: shape });
  const values = { order: String(card.order), range: String(card.range), mean: list(card.mean), std: list(card.std) };
  return `${geometry}; ${t("preprocess.values", values)}`;
}
