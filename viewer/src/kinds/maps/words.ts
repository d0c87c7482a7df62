import type { Entries } from "../../i18n/entries";

export const words = {
  "maps.explain": [
    "A layer of the network turns each example into a list of numbers, its code. A map lays the codes out on the page so that examples the layer finds alike lie near each other. A flat map must break some neighbourhoods: each map says how many it kept, beside what the simplest maps keep.",
    "網路的一層把每個樣本變成一串數字，也就是它的編碼。地圖把這些編碼攤在平面上，讓這一層認為相似的樣本彼此靠近。平面必然會拆散一些鄰居：每張地圖都註明保留了多少，並與最簡單的地圖並列。",
    "网络的一层把每个样本变成一串数字，也就是它的编码。地图把这些编码摊在平面上，让这一层认为相似的样本彼此靠近。平面必然会拆散一些邻居：每张地图都注明保留了多少，并与最简单的地图并列。",
  ],
  "map.card.kept": ["keeps {share} of 15 neighbours", "15 個鄰居保留 {share}", "15 个邻居保留 {share}"],

  "knowledge.title": ["What the layers of {network} know, {n} examples", "{network} 各層知道什麼，{n} 個樣本", "{network} 各层知道什么，{n} 个样本"],
  "knowledge.explain": [
    "A linear probe is a small classifier that reads the label from a layer's codes. Where it is right on examples that it was not trained on, the layer holds the label in a form that is easy to read. The control is the same probe trained on shuffled labels: what it still gets right on its training examples it has memorised.",
    "線性探針是一個小分類器，從一層的編碼讀出標籤。如果它在沒學過的樣本上讀得好，這一層就以容易讀取的形式保有標籤。對照是同一個探針去學打亂的標籤：它在學過的樣本上仍讀得出的部分是記住的。",
    "线性探针是一个小分类器，从一层的编码读出标签。如果它在没学过的样本上读得好，这一层就以容易读取的形式保有标签。对照是同一个探针去学打乱的标签：它在学过的样本上仍读得出的部分是记住的。",
  ],
  "knowledge.caption": [
    "Share of held-out examples classified correctly, by layer; dotted, the share of the codes' variance that lies between classes. Dashed lines are the controls. ± is the standard deviation over several held-out parts.",
    "各層在保留樣本上讀對的比例；點線為編碼變異中類別之間的比例。虛線為對照。± 為多次保留不同樣本的標準差。",
    "各层在保留样本上读对的比例；点线为编码变异中类别之间的比例。虚线为对照。± 为多次保留不同样本的标准差。",
  ],
  "knowledge.alt": ["What each of {n} layers knows of the labels; the table below holds the numbers.", "{n} 個層各知道多少標籤；數字見下方表格。", "{n} 个层各知道多少标签；数字见下方表格。"],
  "knowledge.cka": [
    "Linear CKA between layers: 1 where one layer's codes are the other's rotated and scaled, near 0 where they have nothing in common.",
    "各層之間的線性 CKA：一層的編碼只是另一層的旋轉與縮放時為 1，毫無共通時接近 0。",
    "各层之间的线性 CKA：一层的编码只是另一层的旋转与缩放时为 1，毫无共通时接近 0。",
  ],
  "knowledge.cka.alt": ["Matrix of linear CKA, {n} pairs of layers", "線性 CKA 矩陣，{n} 對層", "线性 CKA 矩阵，{n} 对层"],
  "knowledge.probe": ["Linear probe", "線性探針", "线性探针"],
  "knowledge.neighbours": ["Nearest neighbours", "最近鄰居", "最近邻居"],
  "knowledge.between_class": ["Variance between classes", "類別之間的變異", "类别之间的变异"],
  "knowledge.control": ["Control, shuffled labels", "對照：打亂的標籤", "对照：打乱的标签"],
  "knowledge.chance": ["Commonest class", "最常見的類別", "最常见的类别"],
  "knowledge.control_fit": ["Control, training examples", "對照：學過的樣本", "对照：学过的样本"],
  "knowledge.selectivity": ["Probe above control", "探針高出對照", "探针高出对照"],
  "knowledge.dimension_twonn": ["Intrinsic dimension, two neighbours", "內在維度（兩鄰居法）", "内在维度（两邻居法）"],
  "knowledge.dimension_mle": ["Intrinsic dimension, likelihood", "內在維度（概似法）", "内在维度（似然法）"],
  "knowledge.silhouette": ["Silhouette", "輪廓係數", "轮廓系数"],
  "knowledge.code_size": ["Numbers a code", "編碼長度", "编码长度"],

  "similarity.title": ["How alike {network} and {other} arrange {n} examples", "{network} 與 {other} 排列 {n} 個樣本的方式有多像", "{network} 与 {other} 排列 {n} 个样本的方式有多像"],
  "similarity.explain": [
    "Linear CKA compares how two layers place the same examples beside each other, whatever their numbers of units. It is 1 where one layer is the other rotated and scaled, and near 0 where nothing is shared. With fewer examples than units it is too high for any two layers.",
    "線性 CKA 比較兩層如何安放相同的樣本，不論各有多少單元。一層只是另一層的旋轉與縮放時為 1，毫無共通時接近 0。樣本少於單元時，任何兩層的數值都會偏高。",
    "线性 CKA 比较两层如何安放相同的样本，不论各有多少单元。一层只是另一层的旋转与缩放时为 1，毫无共通时接近 0。样本少于单元时，任何两层的数值都会偏高。",
  ],
  "similarity.caption": [
    "Rows: layers of {network}. Columns: layers of {other}. Linear CKA (Kornblith et al. 2019) from 0 (dark) to 1 (bright).",
    "列：{network} 的各層。欄：{other} 的各層。線性 CKA（Kornblith 等，2019）由 0（暗）到 1（亮）。",
    "行：{network} 的各层。列：{other} 的各层。线性 CKA（Kornblith 等，2019）由 0（暗）到 1（亮）。",
  ],
  "overview.maps.more": ["All maps", "所有地圖", "所有地图"],
  "overview.maps.one": ["one map", "一張地圖", "一张地图"],
  "overview.maps.many": ["{n} maps", "{n} 張地圖", "{n} 张地图"],
} satisfies Entries;
