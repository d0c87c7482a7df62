import type { Entries } from "../../i18n/entries";

export const words = {
  "nav.compare": ["Compare", "比較", "比较"],

  "compare.explain": [
    "Choose two photographs, two methods or two networks. The sliders act on both. One scale is offered where both maps have the same unit.",
    "選擇兩張照片、兩種方法或兩個網路。滑桿同時作用於兩邊。兩張熱圖單位相同時，可以共用尺度。",
    "选择两张照片、两种方法或两个网络。滑块同时作用于两边。两张热图单位相同时，可以共用尺度。",
  ],
  "compare.left": ["Left", "左", "左"],
  "compare.right": ["Right", "右", "右"],
  "compare.none": ["There are no photographs to compare.", "沒有可以比較的照片。", "没有可以比较的照片。"],
  "compare.noheat": ["No heatmap was made for this photograph.", "這張照片還沒有熱圖。", "这张照片还没有热图。"],
} satisfies Entries;
