import type { Entries } from "../../i18n/entries";

export const words = {
  "cells.lead": ["{alive} of {tracks} annotations have a cell that passes its controls: {names}", "{tracks} 種標註中有 {alive} 種的細胞通過對照：{names}", "{tracks} 种标注中有 {alive} 种的细胞通过对照：{names}"],
  "cells.lead.short": ["{alive} of {tracks} annotations have a cell that passes its controls", "{tracks} 種標註中有 {alive} 種的細胞通過對照", "{tracks} 种标注中有 {alive} 种的细胞通过对照"],
  "cells.explain": [
    "For each annotation every unit was tried on one part of the texts and scored on the other, several times. Four things speak for or against the best one: networks with random weights, searched the same way; the same annotation shifted in time; holding the unit at the value it has when the annotation is off, to see whether predictions change there and not elsewhere; and a linear probe on all units together, for what no single unit carries. The first three have intervals. A cell that one of them refuses fails; where an interval allows both answers, it is undecided.",
    "對每種標註，在一部分文字上試過每個單元，再以另一部分評分，重複數次。有四項證據支持或反駁最佳者：以同樣方法搜尋的隨機權重網路；在時間上錯開的同一標註；把單元固定在標註不成立時的數值，看預測是否在那裡、而不在別處改變；以及用所有單元的線性探針，看哪些資訊不在任何單一單元裡。前三項都有區間。有一項否定它，細胞即不成立；區間容許兩種答案時，則為未定。",
    "对每种标注，在一部分文本上试过每个单元，再以另一部分评分，重复数次。有四项证据支持或反驳最佳者：以同样方法搜索的随机权重网络；在时间上错开的同一标注；把单元固定在标注不成立时的数值，看预测是否在那里、而不在别处改变；以及用所有单元的线性探针，看哪些信息不在任何单一单元里。前三项都有区间。有一项否定它，细胞即不成立；区间容许两种答案时，则为未定。",
  ],
  "cells.cell": ["Cell, and the next best", "細胞與次佳者", "细胞与次佳者"],
  "cells.score": ["Chance to perfect", "隨機至完美", "随机至完美"],
  "cells.heldout": ["Held out", "留出部分", "留出部分"],
  "cells.control": ["Random weights", "隨機權重", "随机权重"],
  "cells.null": ["p, shifted", "p（時間錯開）", "p（时间错开）"],
  "cells.clamp": ["Held still: on / off", "固定後：成立／不成立", "固定后：成立／不成立"],
  "cells.moved": ["What falls most", "下降最多者", "下降最多者"],
  "cells.probe": ["Probe / random", "探針／隨機", "探针／随机"],
  "cells.verdict": ["Passes", "通過", "通过"],
  "cells.beaten": ["above {share} of others", "高於 {share} 的其他單元", "高于 {share} 的其他单元"],
  "cells.meter": ["{score}, random weights {control}", "{score}，隨機權重 {control}", "{score}，随机权重 {control}"],
  "cells.caption": [
    "{units} units searched over {searched} of {steps} steps. The bar is the score held out, from chance to perfect; the mark is the best that networks with random weights reach. + high, − low where the annotation is on. Held still: mean change of the prediction (total variation of its probabilities) where the annotation is on, and off.",
    "在 {steps} 步中的 {searched} 步上搜尋了 {units} 個單元。長條是留出部分的分數，從隨機到完美；標線是隨機權重網路的最佳分數。+ 表示標註成立時偏高，− 表示偏低。固定後：標註成立處與不成立處預測的平均變化（機率的總變差）。",
    "在 {steps} 步中的 {searched} 步上搜索了 {units} 个单元。长条是留出部分的分数，从随机到完美；标线是随机权重网络的最佳分数。+ 表示标注成立时偏高，− 表示偏低。固定后：标注成立处与不成立处预测的平均变化（概率的总变差）。",
  ],
  "cells.split.sequence": ["{n} times, some of {of} groups of sequences were held out.", "{of} 組序列中每次留出數組，共 {n} 次。", "{of} 组序列中每次留出数组，共 {n} 次。"],
  "cells.split.time": ["The sequences were cut in time into {of} pieces; {n} times, some of them were held out.", "序列依時間切成 {of} 段；每次留出數段，共 {n} 次。", "序列按时间切成 {of} 段；每次留出数段，共 {n} 次。"],
  "cells.undecided": ["Undecided", "未定", "未定"],
  "cells.unheld": ["Yes, not held still", "是，未經固定檢驗", "是，未经固定检验"],
  "cells.why.heldout": ["held out", "留出部分", "留出部分"],
  "cells.why.randomweights": ["random weights", "隨機權重", "随机权重"],
  "cells.why.shifted": ["shifted", "時間錯開", "时间错开"],
  "cells.why.heldstill": ["held still", "固定後", "固定后"],

  "measure.auc": ["AUC", "AUC", "AUC"],
  "measure.rank": ["ρ", "ρ", "ρ"],
  "measure.information": ["nats", "奈特", "奈特"],
} satisfies Entries;
