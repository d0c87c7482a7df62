import type { Entries } from "../../i18n/entries";

export const words = {
  "overview.patterns.one": ["one pattern", "一個圖樣", "一个图样"],
  "overview.patterns.many": ["{n} patterns", "{n} 個圖樣", "{n} 个图样"],
  "overview.patterns.more": ["All patterns", "所有圖樣", "所有图样"],

  "patterns.explain": [
    "These pictures are not photographs. Starting from noise, the network's input was changed step by step until the score of one class was as high as possible. They show what the network expects of the class, including what it has wrongly learned to expect.",
    "這些不是照片。從雜訊開始，一步一步改變網路的輸入，直到某個類別的分數盡可能高。它們顯示網路對該類別的期待，包括它錯學到的期待。",
    "这些不是照片。从噪声开始，一步一步改变网络的输入，直到某个类别的分数尽可能高。它们显示网络对该类别的期待，包括它错学到的期待。",
  ],
  "patterns.logit": ["Logit", "未正規化分數", "未归一化分数"],
  "patterns.history": ["Score over {n} steps", "{n} 步中的分數", "{n} 步中的分数"],
  "patterns.history.alt": ["The score on the way, from {first} to {last}", "過程中的分數，從 {first} 到 {last}", "过程中的分数，从 {first} 到 {last}"],
  "patterns.scale": ["Colours as the network sees them before normalisation.", "顏色即網路在正規化之前所見。", "颜色即网络在归一化之前所见。"],
  "patterns.none": ["No patterns were made in this workspace.", "這個工作區沒有製作圖樣。", "这个工作区没有制作图样。"],
  "patterns.open": ["{target}, larger", "{target}，放大", "{target}，放大"],
} satisfies Entries;
