import type { Entries } from "../../i18n/entries";

export const words = {
  "overview.network.more": ["Layer table", "各層列表", "各层列表"],
  "overview.network.size": ["{parameters} parameters, {layers} layers", "{parameters} 個參數，{layers} 層", "{parameters} 个参数，{layers} 层"],
  "overview.data.folder": ["{n} pictures to choose from", "{n} 張圖片可供選擇", "{n} 张图片可供选择"],
  "overview.computed": ["What was computed", "已計算的內容", "已计算的内容"],
  "overview.skipped": ["Not explained", "未能解釋", "未能解释"],
  "overview.damaged": ["Results that could not be opened", "無法開啟的結果", "无法打开的结果"],
  "overview.empty": ["Nothing has been computed in this workspace yet.", "這個工作區還沒有任何結果。", "这个工作区还没有任何结果。"],
  "overview.pending": ["The workspace is being read…", "正在讀取工作區……", "正在读取工作区……"],
  "overview.explain": [
    "A trained network turned each photograph into a label. Open one to see which part of it decided, and what the units inside the network responded to. The patterns are pictures that the network itself made of what a class looks like to it.",
    "訓練好的網路把每張照片變成一個標籤。打開其中一張，可以看到是哪個部分決定了答案，以及網路內部的單元對什麼有反應。圖樣則是網路自己畫出來的：某個類別在它眼中的樣子。",
    "训练好的网络把每张照片变成一个标签。打开其中一张，可以看到是哪个部分决定了答案，以及网络内部的单元对什么有反应。图样则是网络自己画出来的：某个类别在它眼中的样子。",
  ],
  "overview.made": ["Made {date} with Deepro {version}", "{date} 以 Deepro {version} 製作", "{date} 用 Deepro {version} 制作"],
} satisfies Entries;
