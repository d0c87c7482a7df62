import type { Entries } from "../../i18n/entries";

export const words = {
  "nav.matches": ["Matches", "相符處", "匹配处"],

  "matches.lead": ["{count} matches in {steps} steps", "{steps} 步中有 {count} 處相符", "{steps} 步中有 {count} 处匹配"],
  "matches.explain": [
    "A range of a text was selected. The cells that are on through all of it, each beyond its own threshold, were looked for in the whole corpus: wherever they are on together again is a match, never across the end of a text. If the matches share an annotation more often than chance, the cells may be following it.",
    "先選取一段文字。凡在整段之內都開啟（超過各自門檻）的細胞，便在整個語料中尋找：它們再次一起開啟之處即為相符處，絕不跨越文字的結尾。若相符處共有某種標註的頻率高於偶然，這些細胞可能在跟隨它。",
    "先选取一段文本。凡在整段之内都开启（超过各自阈值）的细胞，便在整个语料中寻找：它们再次一起开启之处即为匹配处，绝不跨越文本的结尾。若匹配处共有某种标注的频率高于偶然，这些细胞可能在跟随它。",
  ],
  "matches.selection": ["The range", "所選範圍", "所选范围"],
  "matches.selected": ["Cells on over steps {start} to {stop}", "在第 {start} 至 {stop} 步開啟的細胞", "在第 {start} 至 {stop} 步开启的细胞"],
  "matches.before": ["off before", "之前關閉", "之前关闭"],
  "matches.after": ["off after", "之後關閉", "之后关闭"],
  "matches.most": ["Cells kept", "保留細胞數", "保留细胞数"],
  "matches.threshold": ["Threshold from the median", "距中位數的門檻", "距中位数的阈值"],
  "matches.suggested": ["suggested for each", "各自建議", "各自建议"],
  "matches.none": [
    "No cell is on through the whole range: choose a shorter one, a lower threshold, or do not ask that it is off beside it.",
    "沒有細胞在整個範圍內開啟：請選較短的範圍、較低的門檻，或不要求它在旁邊關閉。",
    "没有细胞在整个范围内开启：请选较短的范围、较低的阈值，或不要求它在旁边关闭。",
  ],
  "matches.relaxed": ["No cell goes on and off with the range; these are on over it and beside it.", "沒有細胞隨此範圍開啟與關閉；這些細胞在範圍內與旁邊都開啟。", "没有细胞随此范围开启与关闭；这些细胞在范围内与旁边都开启。"],
  "matches.miss": ["Nowhere else are all of them on together. The nearest miss: {share} of them.", "其他地方都沒有全部一起開啟。最接近的一處：{share} 開啟。", "其他地方都没有全部一起开启。最接近的一处：{share} 开启。"],
  "matches.own": ["Threshold of {cell}", "{cell} 的門檻", "{cell} 的阈值"],
  "matches.reset": ["as suggested", "恢復建議值", "恢复建议值"],
  "matches.count": ["They are on together again at {n} places, in {steps} steps of {texts} sequences.", "在 {texts} 個序列的 {steps} 步中，它們在 {n} 處再次一起開啟。", "在 {texts} 个序列的 {steps} 步中，它们在 {n} 处再次一起开启。"],
  "matches.caption": [
    "The first {n}, nearest in length first, with the annotations that hold where each begins. Worked out in this page from states rounded to one part in 127 of each unit's largest; beside a cell stands its threshold and the share of all steps in which it is on.",
    "前 {n} 處，長度最接近者在前，並列出各處開始時成立的標註。由本頁以四捨五入至各單元最大值 1/127 的狀態計算；細胞旁為其門檻與開啟步數的比例。",
    "前 {n} 处，长度最接近者在前，并列出各处开始时成立的标注。由本页以四舍五入至各单元最大值 1/127 的状态计算；细胞旁为其阈值与开启步数的比例。",
  ],
  "matches.places": ["Where they are on again", "再次開啟之處", "再次开启之处"],
  "matches.enrichment": ["Annotations that stand out", "突出的標註", "突出的标注"],
  "matches.enrichment.caption": [
    "Share of the matches, and of the whole corpus, where the annotation holds; p: the chance of as many by accident (hypergeometric, times the number of annotations).",
    "標註成立者在相符處與整個語料中的比例；p：偶然出現這麼多的機率（超幾何分布，乘以標註數）。",
    "标注成立者在匹配处与整个语料中的比例；p：偶然出现这么多的概率（超几何分布，乘以标注数）。",
  ],
  "matches.curve": ["The series about steps {steps}", "第 {steps} 步前後的序列值", "第 {steps} 步前后的序列值"],
  "matches.share": ["At matches", "相符處", "匹配处"],
  "matches.corpus": ["In all", "全部", "全部"],
  "matches.lift": ["Times", "倍數", "倍数"],
  "matches.nearest": ["Nearest states", "最相近的狀態", "最相近的状态"],
  "matches.nearest.caption": ["Steps at which the whole state points most nearly the same way as at the end of the range.", "整個狀態與範圍結尾方向最接近的步。", "整个状态与范围结尾方向最接近的步。"],
} satisfies Entries;
