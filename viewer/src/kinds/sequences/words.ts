import type { Entries } from "../../i18n/entries";

export const words = {
  "fact.change": ["Mean change", "平均變化", "平均变化"],
  "fact.outputs": ["Outputs explained", "已解釋的輸出", "已解释的输出"],
  "fact.ngram": ["n-gram model", "n 元模型", "n 元模型"],
  "fact.order": ["Order of the n-gram model", "n 元模型階數", "n 元模型阶数"],
  "fact.chance": ["By chance", "偶然值", "偶然值"],
  "fact.fidelity": ["Fidelity", "忠實度", "忠实度"],
  "fact.baseline": ["Baseline", "基準", "基线"],
  "fact.sharpness": ["Sharpness", "集中度", "集中度"],

  "overview.sequences.one": ["one sequence read", "讀了一個序列", "读了一个序列"],
  "overview.sequences.many": ["{n} sequences read", "讀了 {n} 個序列", "读了 {n} 个序列"],
  "overview.sequences.more": ["All sequences", "所有序列", "所有序列"],

  "sequences.read": ["What was read", "讀過的內容", "读过的内容"],
  "sequences.trace": ["States and gates", "狀態與閘", "状态与门"],
  "sequences.more": ["How can more be made?", "如何製作更多？", "如何制作更多？"],
  "sequences.more.why": [
    "This page was made once and computes nothing but matches. Each command below adds a page to the workspace; then make the report again with the last one. Words in capitals are yours to fill in.",
    "本頁一次製成，除比對外不再計算。下列每個指令會為工作區加入一頁，之後請用最後一個指令重做報告。大寫的字由你填入。",
    "本页一次制成，除匹配外不再计算。下列每个命令会为工作区加入一页，之后请用最后一个命令重做报告。大写的字由你填入。",
  ],
  "sequences.more.studio": ["Or open the workspace in the Studio, where each of them is a form:", "或啟動本機伺服器，在那裡每一項都有表單：", "或启动本机服务器，在那里每一项都有表单："],
  "sequences.report": ["The report", "報告", "报告"],
  "sequences.whole": ["every unit", "全部單元", "全部单元"],
  "sequences.explain": [
    "A recurrent network reads one step at a time and keeps a state. Here is what was read, which of its cells follow something in it, how long it remembers, and where the same cells are on again.",
    "循環網路一次讀一步，並保留一個狀態。這裡列出它讀了什麼、哪些細胞跟隨其中的某種特徵、它能記多久，以及同一批細胞在哪裡再次開啟。",
    "循环网络一次读一步，并保留一个状态。这里列出它读了什么、哪些细胞跟随其中的某种特征、它能记多久，以及同一批细胞在哪里再次开启。",
  ],
} satisfies Entries;
