import type { Entries } from "../../i18n/entries";

export const words = {
  "neuron.explain": [
    "One unit of one layer. A pattern shows what raises it most; photographs of a survey show what makes it respond.",
    "某一層的一個單元。圖樣顯示什麼最能提高它的反應；調查的照片顯示什麼讓它有反應。",
    "某一层的一个单元。图样显示什么最能提高它的响应；调查的照片显示什么让它有响应。",
  ],
  "neuron.nopattern": ["No pattern was made for this unit.", "還沒有這個單元的圖樣。", "还没有这个单元的图样。"],
  "neuron.survey": ["This unit in the survey", "調查中的這個單元", "调查中的这个单元"],
} satisfies Entries;
