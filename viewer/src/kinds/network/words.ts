import type { Entries } from "../../i18n/entries";

export const words = {
  "network.preprocess": ["Preprocessing", "前處理", "预处理"],
  "network.labels": ["Labels", "標籤", "标签"],
  "network.source": ["Source", "來源", "来源"],
  "network.fingerprint": ["Fingerprint", "指紋", "指纹"],
  "network.refused": ["Methods that do not apply", "不適用的方法", "不适用的方法"],
  "network.device": ["Computed on", "運算裝置", "运算设备"],
  "network.explain": [
    "Every row is a layer, a place in the network whose output can be looked at, in the order in which they run. The receptive field is how many pixels of the input one unit of the layer can see: small at the start, often the whole picture at the end.",
    "每一列是一層，也就是網路中可以觀察其輸出的位置，依執行順序排列。感受野是該層一個單元能看到的輸入像素數：開頭很小，到最後往往是整張圖。",
    "每一行是一层，也就是网络中可以观察其输出的位置，按执行顺序排列。感受野是该层一个单元能看到的输入像素数：开头很小，到最后往往是整张图。",
  ],
  "network.find": ["Find a layer", "尋找一層", "查找一层"],
  "network.find.hint": ["name or kind", "名稱或種類", "名称或种类"],
  "network.shown": ["{n} of {total} layers", "{total} 層中的 {n} 層", "{total} 层中的 {n} 层"],
  "network.none": ["No layer has this name.", "沒有這個名稱的層。", "没有这个名称的层。"],

  "layer.stride": ["Stride", "步幅", "步幅"],
  "layer.order": ["Order", "順序", "顺序"],

  "preprocess.none": ["takes tensors only", "只接受張量", "只接受张量"],
  "preprocess.resize": ["shorter side to {resize}, centre {size}", "短邊縮放到 {resize}，取中央 {size}", "短边缩放到 {resize}，取中央 {size}"],
  "preprocess.squeeze": ["squeezed to {size}", "壓縮成 {size}", "压缩成 {size}"],
  "preprocess.values": ["{order}, 0–{range}, mean {mean}, std {std}", "{order}，0–{range}，平均 {mean}，標準差 {std}", "{order}，0–{range}，均值 {mean}，标准差 {std}"],
  "preprocess.tokens": ["text to {n} tokens", "文字轉為 {n} 種詞元", "文本转为 {n} 种词元"],

  "survey.network": ["What its units look for in {images} photographs of {name}", "它的單元在 {name} 的 {images} 張照片裡找什麼", "它的单元在 {name} 的 {images} 张照片里找什么"],

  "graph.title": ["Layer graph", "層的關係圖", "层的关系图"],
  "graph.caption": ["From the input on the left to the output on the right. An arrow: the output of one reaches the other.", "左邊是輸入，右邊是輸出。箭頭表示一層的輸出會到達另一層。", "左边是输入，右边是输出。箭头表示一层的输出会到达另一层。"],
  "graph.scale": ["Colour: {what}, from {low} (pale) to {high} (full), logarithmic.", "顏色：{what}，從 {low}（淡）到 {high}（濃），對數尺度。", "颜色：{what}，从 {low}（淡）到 {high}（浓），对数尺度。"],
  "graph.hint": ["Click a module to open it, a layer to find it in the table. Drag to move, Ctrl and wheel to zoom.", "點選模組以展開，點選層以在表格中尋找。拖曳可移動，按住控制鍵並滾動可縮放。", "点击模块以展开，点击层以在表格中查找。拖动可移动，按住控制键并滚动可缩放。"],
  "graph.colour.none": ["nothing", "不上色", "不上色"],
  "graph.colour.parameters": ["parameters", "參數", "参数"],
  "graph.colour.field": ["receptive field", "感受野", "感受野"],
  "graph.colour.units": ["units", "單元數", "单元数"],
  "graph.scale.linear": ["Colour: {what}, from {low} (pale) to {high} (full).", "顏色：{what}，從 {low}（淡）到 {high}（濃）。", "颜色：{what}，从 {low}（淡）到 {high}（浓）。"],
  "graph.colour.size": ["values of the output", "輸出的數值個數", "输出的数值个数"],
  "graph.colour.active": ["active places, median unit", "活躍位置的比例（中位單元）", "活跃位置的比例（中位单元）"],
  "graph.colour.fault": ["units: {fault}", "單元數：{fault}", "单元数：{fault}"],
  "graph.in": ["Zoom in", "放大", "放大"],
  "graph.out": ["Zoom out", "縮小", "缩小"],
  "graph.fold": ["Fold", "收合", "收起"],
  "graph.close": ["Close {name}", "收合 {name}", "收起 {name}"],
  "graph.explain": [
    "The arrows were seen in one forward pass: a tensor that leaves one layer and enters another draws an arrow, also through sums and concatenations between them. A box with a plus holds several layers.",
    "箭頭是在一次前向傳遞中觀察到的：張量從一層出來、進入另一層，就畫一個箭頭，中間經過相加或串接也算。有加號的方塊裡面有好幾層。",
    "箭头是在一次前向传播中观察到的：张量从一层出来、进入另一层，就画一个箭头，中间经过相加或拼接也算。有加号的方块里面有好几层。",
  ],
} satisfies Entries;
