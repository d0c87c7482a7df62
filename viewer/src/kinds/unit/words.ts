import type { Entries } from "../../i18n/entries";

export const words = {
  "unit.position": ["Position", "位置", "位置"],
  "unit.position.value": ["row {row}, column {column} of {height} × {width}", "第 {row} 列、第 {column} 行，共 {height} × {width}", "第 {row} 行、第 {column} 列，共 {height} × {width}"],
  "unit.window": ["Window", "視窗", "窗口"],
  "unit.window.value": ["{width} × {height} px at ({left}, {top})", "{width} × {height} 像素，位於 ({left}, {top})", "{width} × {height} 像素，位于 ({left}, {top})"],
  "unit.rule": ["Rule", "規則", "规则"],
  "unit.map": ["Activation map", "活化圖", "激活图"],
  "unit.map.caption": ["How strongly the unit responds at each place of the photograph.", "單元在照片各處的反應有多強。", "单元在照片各处的反应有多强。"],
  "unit.map.grey": ["Black is 0 and below, white is {high}.", "黑為 0 及以下，白為 {high}。", "黑为 0 及以下，白为 {high}。"],
  "unit.projection": ["Projection to the pixels", "投影到像素", "投影到像素"],
  "unit.projection.caption": ["What in the photograph drove the unit at its strongest position, cut to what it can see.", "在最強位置驅動該單元的照片內容，裁切到它能看到的範圍。", "在最强位置驱动该单元的照片内容，裁切到它能看到的范围。"],
  "unit.patch.caption": ["The part of the photograph that the unit sees at its strongest position, pixel by pixel.", "該單元在最強位置看到的照片部分，逐像素呈現。", "该单元在最强位置看到的照片部分，逐像素呈现。"],
  "unit.full": ["Projection, whole", "完整投影", "完整投影"],
  "unit.full.caption": ["The same projection over the whole input. It is zero outside the frame.", "同一個投影，涵蓋整個輸入。框外為零。", "同一个投影，覆盖整个输入。框外为零。"],
  "unit.where": ["Where it looks", "它在看哪裡", "它在看哪里"],
  "unit.where.caption": ["The frame is the receptive field at the strongest position.", "方框是最強位置的感受野。", "方框是最强位置的感受野。"],
  "unit.fidelity": ["Fidelity", "忠實度", "忠实度"],
  "unit.others": ["The layer's other units", "同一層的其他單元", "同一层的其他单元"],
  "unit.explain": [
    "The unit's own activation is sent backwards through the network to the pixels: pooling returns to the places where its maxima stood, and rectifiers let only positive values pass. What appears is the part of this photograph that made the unit respond. It shows what drives a unit; it is not a detector of objects.",
    "把單元自己的活化值沿著網路往回送到像素：池化回到最大值原本的位置，整流器只讓正值通過。出現的就是這張照片中使該單元產生反應的部分。它顯示什麼驅動了單元，並不是物體偵測器。",
    "把单元自己的激活值沿着网络往回送到像素：池化回到最大值原本的位置，整流器只让正值通过。出现的就是这张照片中使该单元产生反应的部分。它显示什么驱动了单元，并不是物体检测器。",
  ],
} satisfies Entries;
