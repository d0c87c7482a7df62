import type { Entries } from "../../i18n/entries";

export const words = {
  "search.general": ["result", "結果", "结果"],
  "general.explain": [
    "This kind of result brings no page of its own. What is shown is what it says of itself: pictures with their scales, tables that a click on a column puts in order, and curves.",
    "這種結果沒有自己的頁面。這裡顯示它對自己的描述：附尺度的圖片、點選欄名即可排序的表格，以及曲線。",
    "这种结果没有自己的页面。这里显示它对自己的描述：附标度的图片、点击列名即可排序的表格，以及曲线。",
  ],
  "general.curves.alt": ["{title}: {names}; from {low} to {high}", "{title}：{names}；從 {low} 到 {high}", "{title}：{names}；从 {low} 到 {high}"],
} satisfies Entries;
