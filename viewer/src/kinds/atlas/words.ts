import type { Entries } from "../../i18n/entries";

export const words = {
  "atlas.explain": [
    "The layer’s codes were mapped, the map cut into cells, and the codes of each cell averaged. For every average the network itself made a picture that moves the layer that way: what these codes have in common and the others have not. Neighbouring pictures stand for neighbouring codes. The cosine says how nearly a picture does what it was made for; the examples beside it are those whose codes lie nearest.",
    "先把這一層的編碼排成地圖，再把地圖切成格子，並平均每格的編碼。對每個平均，網路自己做出一張把這一層推往該方向的圖片：這些編碼共有而其他編碼沒有的東西。相鄰的圖片代表相鄰的編碼。餘弦說明圖片有多接近它的目標；旁邊的樣本是編碼最接近者。",
    "先把这一层的编码排成地图，再把地图切成格子，并平均每格的编码。对每个平均，网络自己做出一张把这一层推往该方向的图片：这些编码共有而其他编码没有的东西。相邻的图片代表相邻的编码。余弦说明图片有多接近它的目标；旁边的样本是编码最接近者。",
  ],
  "atlas.caption": [
    "Pictures as the network sees them before normalisation, each at its place on a t-SNE map of {layer}. Point at one, or go there with the Tab key.",
    "圖片為網路在正規化之前所見，各在 {layer} 的 t-SNE 地圖上的位置。指向一張，或用定位鍵移過去。",
    "图片为网络在归一化之前所见，各在 {layer} 的 t-SNE 地图上的位置。指向一张，或用制表键移过去。",
  ],
  "atlas.cell": ["{n} codes; {classes}; cosine {cosine}", "{n} 個編碼；{classes}；餘弦 {cosine}", "{n} 个编码；{classes}；余弦 {cosine}"],
  "atlas.alt": ["Picture made for the mean direction of {n} codes: {classes}", "為 {n} 個編碼的平均方向所做的圖片：{classes}", "为 {n} 个编码的平均方向所做的图片：{classes}"],
  "atlas.count": ["Codes averaged", "平均的編碼數", "平均的编码数"],
  "atlas.cosine": ["Cosine to the direction", "與方向的餘弦", "与方向的余弦"],
  "atlas.classes": ["Commonest among them", "其中最常見", "其中最常见"],
  "atlas.examples": ["Nearest examples", "最近的樣本", "最近的样本"],
  "atlas.kept": ["The map beneath keeps {share} of 15 neighbours.", "底下的地圖保留 {share} 的 15 個鄰居。", "底下的地图保留 {share} 的 15 个邻居。"],
} satisfies Entries;
