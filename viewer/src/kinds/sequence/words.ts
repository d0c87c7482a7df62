import type { Entries } from "../../i18n/entries";

export const words = {
  "sequence.check": ["self-test {value}", "自我檢測 {value}", "自检 {value}"],
  "sequence.explain": [
    "Each character is coloured by the state that one cell had after the network read it: orange above zero, blue below. If a colour begins and ends with a quote or a bracket, the cell follows it; the cells page says whether that passes its controls. Below, everything lies on one time axis: what the network expected next, the cell's gates, annotations, and all units. Drag over the text to see which cells are on over a range and where else they are.",
    "每個字元的顏色，是網路讀完它之後某個細胞的狀態：橙色大於零，藍色小於零。若顏色隨引號或括號開始與結束，這個細胞便在跟隨它；細胞頁會說明這是否通過對照。下方各項共用一條時間軸：網路預期的下一個字元、細胞的閘、標註與所有單元。在文字上拖曳，可看到哪些細胞在該範圍內開啟，以及它們還在哪裡開啟。",
    "每个字符的颜色，是网络读完它之后某个细胞的状态：橙色大于零，蓝色小于零。若颜色随引号或括号开始与结束，这个细胞便在跟随它；细胞页会说明这是否通过对照。下方各项共用一条时间轴：网络预期的下一个字符、细胞的门、标注与所有单元。在文字上拖动，可看到哪些细胞在该范围内开启，以及它们还在哪里开启。",
  ],
  "sequence.found": ["Cells that were found", "找到的細胞", "找到的细胞"],
  "sequence.text.caption": [
    "The cell's state after each character: blue below zero, orange above; the ends are its own largest size over all texts.",
    "細胞在每個字元之後的狀態：藍色小於零，橙色大於零；兩端為它在所有文字中的最大幅度。",
    "细胞在每个字符之后的状态：蓝色小于零，橙色大于零；两端为它在所有文本中的最大幅度。",
  ],
  "sequence.text.share": ["The gate at each character, from shut (paper) to open (orange).", "每個字元處的閘，從關（底色）到開（橙色）。", "每个字符处的门，从关（底色）到开（橙色）。"],
  "sequence.select": ["Drag, or hold Shift and press the arrow keys, to select a range.", "拖曳，或按住 Shift 並按方向鍵，以選取範圍。", "拖动，或按住 Shift 并按方向键，以选取范围。"],
  "sequence.select.axis": [
    "Drag over the lanes, or hold Shift and press the arrow keys, to select a range and find where its cells are on again.",
    "在軌道上拖曳，或按住 Shift 並按方向鍵，可選取範圍並尋找其細胞再次開啟之處。",
    "在轨道上拖动，或按住 Shift 并按方向键，可选取范围并寻找其细胞再次开启之处。",
  ],
  "sequence.axis": ["On one time axis", "同一條時間軸", "同一条时间轴"],
  "sequence.order": ["Order of units", "單元順序", "单元顺序"],
  "sequence.order.similar": ["similar ones together", "相似者相鄰", "相似者相邻"],
  "sequence.order.half_life": ["longest memory first", "記憶最長者在前", "记忆最长者在前"],
  "sequence.order.number": ["by number", "依編號", "按编号"],
  "sequence.zoom": ["Width of a step", "每步寬度", "每步宽度"],
  "sequence.zoom.in": ["Wider steps", "加寬", "加宽"],
  "sequence.zoom.out": ["Narrower steps", "變窄", "变窄"],
  "sequence.tracks": ["Annotations", "標註", "标注"],
  "sequence.axis.caption": [
    "Every lane shares the axis of steps. Curves of a state run between ± the unit's largest size, gates between 0 (shut) and 1 (open).",
    "所有軌道共用步的座標軸。狀態曲線介於該單元最大幅度的正負之間，閘介於 0（關）與 1（開）之間。",
    "所有轨道共用步的坐标轴。状态曲线介于该单元最大幅度的正负之间，门介于 0（关）与 1（开）之间。",
  ],
  "sequence.guesses.caption": [
    "Beneath each character: the most probable next ones, surer ones on stronger ground; entropy from 0 to that of a blind guess; loss of the character that did come next, from 0 to 8 nats.",
    "每個字元下方：最可能的下一個字元，越有把握底色越深；熵從 0 到盲猜的熵；實際下一個字元的損失，從 0 到 8 奈特。",
    "每个字符下方：最可能的下一个字符，越有把握底色越深；熵从 0 到盲猜的熵；实际下一个字符的损失，从 0 到 8 奈特。",
  ],
  "sequence.heat.caption": [
    "Heatmap: one row a unit, each on its own scale, blue below zero and orange above; a click chooses the unit, the framed row is the chosen one.",
    "熱圖：每列一個單元，各用自己的尺度，藍色小於零，橙色大於零；點選即選擇單元，加框的列為所選單元。",
    "热图：每行一个单元，各用自己的尺度，蓝色小于零，橙色大于零；点击即选择单元，加框的行为所选单元。",
  ],
  "sequence.next": ["Expected next", "預期下一個", "预期下一个"],
  "sequence.entropy": ["Entropy", "熵", "熵"],
  "sequence.state": ["{name} {unit}", "{name} {unit}", "{name} {unit}"],
  "sequence.gate": ["{name} {unit}, 0 to 1", "{name} {unit}，0 至 1", "{name} {unit}，0 至 1"],
  "sequence.units": ["{name}, {n} units", "{name}，{n} 個單元", "{name}，{n} 个单元"],
  "sequence.value": ["The cell", "此細胞", "此细胞"],
  "sequence.on": ["On here: {names}", "此處成立：{names}", "此处成立：{names}"],

  "cells.survives": ["Passes its controls", "通過對照", "通过对照"],
  "cells.fails": ["Fails a control", "未通過對照", "未通过对照"],
} satisfies Entries;
