import type { Entries } from "../../i18n/entries";

export const words = {
  "class.lead.one": ["Among the first labels of one photograph", "在一張照片中名列前茅", "在一张照片中名列前茅"],
  "class.lead.many": ["Among the first labels of {n} photographs", "在 {n} 張照片中名列前茅", "在 {n} 张照片中名列前茅"],
  "class.explain": [
    "What the network knows of this class: the pattern that it makes for it, the photographs in which it finds it, the classes that it confuses with it, and where it looks.",
    "網路心目中的這個類別：它畫出的圖樣、它認出此類別的照片、容易混淆的類別，以及它看的地方。",
    "网络心目中的这个类别：它画出的图样、它认出此类别的照片、容易混淆的类别，以及它看的地方。",
  ],
  "class.nopattern": ["No pattern was made for this class.", "還沒有這個類別的圖樣。", "还没有这个类别的图样。"],
  "class.confusions": ["Confused with", "容易混淆的類別", "容易混淆的类别"],
  "class.confusions.caption": ["Mean probability of other labels on photographs where “{label}” is among the first five.", "在「{label}」名列前五的照片上，其他標籤的平均機率。", "在“{label}”名列前五的照片上，其他标签的平均概率。"],
  "class.noconfusions": ["No photograph shows this class yet.", "還沒有照片屬於這個類別。", "还没有照片属于这个类别。"],
  "class.make": ["Make a heatmap for this class on each", "為每一張製作這個類別的熱圖", "为每一张制作这个类别的热图"],
  "class.looks": ["What the network looks at", "網路看的地方", "网络看的地方"],
  "class.looks.caption": ["Photographs by the probability of “{label}”, each with its first heatmap for it.", "依「{label}」的機率排列的照片，各附上該類別的第一張熱圖。", "按“{label}”的概率排列的照片，各附上该类别的第一张热图。"],
  "class.noheat": ["no heatmap for it", "沒有此類別的熱圖", "没有此类别的热图"],
} satisfies Entries;
