import type { Entries } from "../../i18n/entries";

export const words = {
  "list.comma": [", ", "、", "、"],

  "health.explain": [
    "Some units of a trained network are of no use: they are never active, always active, repeat another unit, or respond to noise. Zeiler & Fergus found such units by looking at pictures of them, changed the first layers, and the network became better. Each is listed here with the numbers against it. A finding is a reason to look closer, not a proof.",
    "訓練好的網路裡有些單元沒有用處：從不反應、總是反應、重複別的單元，或對雜訊反應。論文的作者看著圖片找到這樣的單元，改了最前面的層，網路因此變好。這裡列出每一個，並附上不利於它的數字。發現只是值得細看的理由，不是證明。",
    "训练好的网络里有些单元没有用处：从不响应、总是响应、重复别的单元，或对噪声响应。论文的作者看着图片找到这样的单元，改了最前面的层，网络因此变好。这里列出每一个，并附上不利于它的数字。发现只是值得细看的理由，不是证明。",
  ],
  "health.good": ["No unit shows a fault.", "沒有單元看起來有問題。", "没有单元看起来有问题。"],
  "health.good.looked": ["Looked for: {faults}.", "檢查過：{faults}。", "检查过：{faults}。"],
  "health.do": ["What one could change:", "可以改變的：", "可以改变的："],
  "health.more": ["and {n} more; the pages of the layers list them all.", "還有 {n} 個；各層的頁面列出全部。", "还有 {n} 个；各层的页面列出全部。"],
  "health.thresholds": ["What counts as a fault", "什麼算是問題", "什么算是问题"],
  "health.looked": ["Looked for in {n} layers.", "在 {n} 層中檢查。", "在 {n} 层中检查。"],
  "health.filters": ["Filters of {layer} and their spectra", "{layer} 的濾波器與頻譜", "{layer} 的滤波器与频谱"],
  "health.filters.size": ["{size} pixels, stride {stride}", "{size} 像素，步幅 {stride}", "{size} 像素，步幅 {stride}"],
  "health.filters.caption": [
    "Above, the filter: grey is 0, each at its own scale. Below, its spectrum without the mean, colours summed: frequency 0 in the middle, the highest at the border, dark is no power. Structure is a pair of bright spots or a soft cloud near the middle; noise fills the whole square. Framed: units with a finding.",
    "上方是濾波器：灰色為 0，各自成尺度。下方是去掉平均、顏色相加後的頻譜：中央是頻率 0，邊緣最高，暗處沒有功率。有結構的濾波器是一對亮點或中央附近的柔和雲團；雜訊佈滿整個方塊。有框的：有發現的單元。",
    "上方是滤波器：灰色为 0，各自成尺度。下方是去掉平均、颜色相加后的频谱：中央是频率 0，边缘最高，暗处没有功率。有结构的滤波器是一对亮点或中央附近的柔和云团；噪声布满整个方块。有框的：有发现的单元。",
  ],
  "health.filter.alt": ["Filter of unit {unit} in {layer}", "{layer} 的單元 {unit} 的濾波器", "{layer} 的单元 {unit} 的滤波器"],
  "health.spectrum.alt": ["Spectrum of the filter of unit {unit} in {layer}", "{layer} 的單元 {unit} 的濾波器頻譜", "{layer} 的单元 {unit} 的滤波器频谱"],
  "health.filter.title": [
    "Unit {unit}: {high} of the power beyond a quarter of a cycle a pixel, {aliased} beyond what the stride can sample",
    "單元 {unit}：{high} 的功率超過每像素四分之一週期，{aliased} 超過步幅所能取樣",
    "单元 {unit}：{high} 的功率超过每像素四分之一周期，{aliased} 超过步幅所能采样",
  ],

  "threshold.dead.none": ["Above zero in no photograph, or the same value everywhere.", "在任何照片中都不高於零，或處處是同一個值。", "在任何照片中都不高于零，或处处是同一个值。"],
  "threshold.dead": ["Above zero in no more than {a} of the photographs, or the same value everywhere.", "在不超過 {a} 的照片中高於零，或處處是同一個值。", "在不超过 {a} 的照片中高于零，或处处是同一个值。"],
  "threshold.always on": ["Above zero at {a} of all places or more, before or in a rectifier.", "在整流之前或之內，{a} 以上的位置高於零。", "在整流之前或之内，{a} 以上的位置高于零。"],
  "threshold.duplicate": [
    "Filters with a cosine of at least {a}, and largest activations with a correlation of at least {b} over the photographs.",
    "濾波器的餘弦至少 {a}，且最大活化值在照片間的相關係數至少 {b}。",
    "滤波器的余弦至少 {a}，且最大激活值在照片间的相关系数至少 {b}。",
  ],
  "threshold.high-frequency": [
    "At least {a} of the filter's power lies beyond a quarter of a cycle a pixel (white noise: 80%), and it is spread over the spectrum (breadth at least {b}).",
    "濾波器至少 {a} 的功率超過每像素四分之一週期（白雜訊：80%），且散佈於頻譜（廣度至少 {b}）。",
    "滤波器至少 {a} 的功率超过每像素四分之一周期（白噪声：80%），且散布于频谱（广度至少 {b}）。",
  ],
  "threshold.aliased": [
    "At least {a} of the filter's power lies beyond what its stride can sample; in deeper layers at least {b} of the projections' power beyond what the first stride can.",
    "濾波器至少 {a} 的功率超過其步幅所能取樣；較深的層則是投影至少 {b} 的功率超過第一個步幅所能取樣。",
    "滤波器至少 {a} 的功率超过其步幅所能采样；较深的层则是投影至少 {b} 的功率超过第一个步幅所能采样。",
  ],
  "threshold.broken": ["Any value that is not finite.", "任何非有限值。", "任何非有限值。"],

  "suggestion.dead": [
    "a lower learning rate, a positive bias at the start or a leaky rectifier when training again; or prune the unit.",
    "重新訓練時降低學習率、讓偏置從正值開始，或使用洩漏整流；或是剪掉這個單元。",
    "重新训练时降低学习率、让偏置从正值开始，或使用泄漏整流；或是剪掉这个单元。",
  ],
  "suggestion.always on": [
    "renormalise filters whose norm grew too large (Zeiler & Fergus 2014, section 3), or look at the bias: the unit works as a linear one.",
    "把範數失控的濾波器重新正規化（見論文第 3 節），或檢查偏置：這個單元形同線性單元。",
    "把范数失控的滤波器重新归一化（见论文第 3 节），或检查偏置：这个单元形同线性单元。",
  ],
  "suggestion.duplicate": ["prune one of the two, or train with fewer units or stronger regularisation.", "剪掉兩個之一，或以較少的單元、較強的正則化訓練。", "剪掉两个之一，或以较少的单元、较强的正则化训练。"],
  "suggestion.high-frequency": [
    "train longer, with more data or weight decay, or with smaller filters (Zeiler & Fergus 2014, section 4.1).",
    "訓練更久、使用更多資料或權重衰減，或用較小的濾波器（見論文第 4.1 節）。",
    "训练更久、使用更多数据或权重衰减，或用较小的滤波器（见论文第 4.1 节）。",
  ],
  "suggestion.aliased": [
    "a smaller stride or filter in the first layer (Zeiler & Fergus 2014, section 4.1: 11 × 11 with stride 4 became 7 × 7 with stride 2), or a blur before the stride.",
    "第一層使用較小的步幅或濾波器（論文第 4.1 節：11 × 11、步幅 4 改為 7 × 7、步幅 2），或在跨步之前先模糊。",
    "第一层使用较小的步幅或滤波器（论文第 4.1 节：11 × 11、步幅 4 改为 7 × 7、步幅 2），或在跨步之前先模糊。",
  ],
  "suggestion.broken": ["look at the weights, the range of the input and the precision.", "檢查權重、輸入的範圍與精度。", "检查权重、输入的范围与精度。"],

  "finding.of": ["repeats unit", "重複單元", "重复单元"],
  "finding.cosine": ["cosine of the filters", "濾波器的餘弦", "滤波器的余弦"],
  "finding.correlation": ["correlation", "相關係數", "相关系数"],
  "finding.common_examples": ["common strongest examples", "共同的最強範例", "共同的最强示例"],
  "finding.share_images": ["photographs with any activation", "有反應的照片", "有响应的照片"],
  "finding.share_active": ["places above zero", "高於零的位置", "高于零的位置"],
  "finding.minimum": ["smallest", "最小", "最小"],
  "finding.maximum": ["largest", "最大", "最大"],
  "finding.mean": ["mean", "平均", "平均"],
  "finding.standard_deviation": ["standard deviation", "標準差", "标准差"],
  "finding.share_of_power": ["share of the power", "功率比例", "功率比例"],
  "finding.share_of_projected_power": ["share of the projections' power", "投影的功率比例", "投影的功率比例"],
  "finding.breadth": ["breadth", "廣度", "广度"],
  "finding.images": ["photographs", "照片", "照片"],
} satisfies Entries;
