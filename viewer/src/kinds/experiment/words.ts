import type { Entries } from "../../i18n/entries";

export const words = {
  "experiment.occlusion_maps": ["Occlusion in three maps", "遮擋的三張圖", "遮挡的三张图"],
  "experiment.occlusion_maps.explain": [
    "A grey square hides one part of the photograph after another. The first map shows what is left of the unit's response, the second the probability of the class, the third which class the network then puts first, each at the place of the square's centre. Where the probability falls, the network used that part.",
    "灰色方塊依次遮住照片的各個部分。第一張圖是單元還剩多少反應，第二張是類別的機率，第三張是網路改把哪個類別放在第一；都畫在方塊中心的位置。機率下降之處，就是網路用到的部分。",
    "灰色方块依次遮住照片的各个部分。第一张图是单元还剩多少响应，第二张是类别的概率，第三张是网络改把哪个类别放在第一；都画在方块中心的位置。概率下降之处，就是网络用到的部分。",
  ],
  "experiment.correspondence": ["Correspondence of parts", "部位的對應", "部位的对应"],
  "experiment.correspondence.explain": [
    "The same part, such as the left eye, is hidden in several photographs. If hiding it changes a layer in the same way in all of them, the network relates these parts to one another without having been told. The control hides random places of the same sizes.",
    "在多張照片裡遮住同一個部位，例如左眼。如果遮住它在每張照片裡都以相同方式改變某一層，網路就在無人告知之下把這些部位連在一起。對照組遮住同樣大小的隨機位置。",
    "在多张照片里遮住同一个部位，例如左眼。如果遮住它在每张照片里都以相同方式改变某一层，网络就在无人告知之下把这些部位连在一起。对照组遮住同样大小的随机位置。",
  ],
  "experiment.invariance": ["Invariance", "不變性", "不变性"],
  "experiment.invariance.explain": [
    "The photograph is moved, enlarged and turned. The curves show how far each layer's features move away from those of the untouched photograph, and how the probability of the class changes. Zeiler & Fergus found that small movements change the first layers at once and the last ones little.",
    "照片被移動、放大、旋轉。曲線顯示各層的特徵離原照片的特徵有多遠，以及類別的機率如何變化。論文發現，小小的移動立刻改變最前面的層，最後的層則改變不多。",
    "照片被移动、放大、旋转。曲线显示各层的特征离原照片的特征有多远，以及类别的概率如何变化。论文发现，小小的移动立刻改变最前面的层，最后的层则改变不多。",
  ],
  "experiment.evolution": ["Evolution during training", "訓練中的演變", "训练中的演变"],
  "experiment.evolution.explain": [
    "The strongest photograph of each unit at several checkpoints of one training, with its projection. Lower layers settle after a few epochs, higher ones much later; where the photograph changes, the unit has found something else.",
    "每個單元在同一次訓練的幾個檢查點上最強的照片與投影。較低的層幾輪之後就穩定，較高的層晚得多；照片改變之處，單元找到了別的東西。",
    "每个单元在同一次训练的几个检查点上最强的照片与投影。较低的层几轮之后就稳定，较高的层晚得多；照片改变之处，单元找到了别的东西。",
  ],
  "experiment.ablation": ["Ablation", "消融", "消融"],
  "experiment.ablation.explain": [
    "Units are silenced and the network is measured again on the same labelled photographs. What it loses is what they contribute there.",
    "讓單元靜默，再以同一批有標籤的照片測量網路。失去的，就是它們在那裡的貢獻。",
    "让单元静默，再以同一批有标签的照片测量网络。失去的，就是它们在那里的贡献。",
  ],
  "experiment.comparison": ["Two checkpoints compared", "兩個檢查點的比較", "两个检查点的比较"],
  "experiment.comparison.explain": [
    "Two networks of one architecture looked at the same photographs. The table says how far their filters, answers and strongest examples moved apart, unit by unit.",
    "同一架構的兩個網路看了同一批照片。表格說明它們的濾波器、反應與最強範例逐單元相差多遠。",
    "同一架构的两个网络看了同一批照片。表格说明它们的滤波器、响应与最强示例逐单元相差多远。",
  ],

  "occlusion.square": [
    "A grey square of {width} × {height} input pixels, {step} pixels from one place to the next. Each map covers the network's input.",
    "{width} × {height} 輸入像素的灰色方塊，每次移動 {step} 像素。每張圖涵蓋網路的輸入。",
    "{width} × {height} 输入像素的灰色方块，每次移动 {step} 像素。每张图覆盖网络的输入。",
  ],
  "occlusion.picture": ["The photograph as the network saw it", "網路看到的照片", "网络看到的照片"],
  "occlusion.response": ["Summed response of the unit: {plain} with nothing hidden, {low} at the least.", "單元反應的總和：沒有遮擋時 {plain}，最低 {low}。", "单元响应的总和：没有遮挡时 {plain}，最低 {low}。"],
  "occlusion.response.alt": ["Map of the summed response of unit {unit} in {layer}", "{layer} 的單元 {unit} 反應總和的圖", "{layer} 的单元 {unit} 响应总和的图"],
  "occlusion.probability": ["Probability of the class: {plain} with nothing hidden, {low} at the least.", "類別的機率：沒有遮擋時 {plain}，最低 {low}。", "类别的概率：没有遮挡时 {plain}，最低 {low}。"],
  "occlusion.probability.alt": ["Map of the probability of {target}", "{target} 的機率圖", "{target} 的概率图"],
  "occlusion.predicted": ["Predicted label", "預測的標籤", "预测的标签"],
  "occlusion.predicted.alt": ["Map of the predicted labels", "預測標籤的圖", "预测标签的图"],
  "occlusion.predicted.plain": ["With nothing hidden: {label}.", "沒有遮擋時：{label}。", "没有遮挡时：{label}。"],
  "occlusion.others": ["others", "其他", "其他"],

  "correspondence.control": ["random places", "隨機位置", "随机位置"],
  "correspondence.pairs": ["{n} pairs", "{n} 對", "{n} 对"],
  "correspondence.caption": [
    "Share of features whose change, when the part is hidden, has another sign in one photograph than in the other: mean over the photographs ± standard error. Lower is more alike. A part below the random places is one that the layer relates across photographs.",
    "遮住部位時，兩張照片中變化正負號不同的特徵比例：照片間的平均 ± 標準誤。越低越相似。低於隨機位置的部位，就是這一層在照片之間連結起來的。",
    "遮住部位时，两张照片中变化正负号不同的特征比例：照片间的平均 ± 标准误。越低越相似。低于随机位置的部位，就是这一层在照片之间联系起来的。",
  ],

  "invariance.translation": ["Moved up and down", "上下移動", "上下移动"],
  "invariance.scale": ["Enlarged", "放大", "放大"],
  "invariance.rotation": ["Turned", "旋轉", "旋转"],
  "invariance.translation.step": ["{n} px", "{n} 像素", "{n} 像素"],
  "invariance.scale.step": ["{n} ×", "{n} 倍", "{n} 倍"],
  "invariance.rotation.step": ["{n}°", "{n}°", "{n}°"],
  "invariance.distance": ["distance of the features", "特徵的距離", "特征的距离"],
  "invariance.distance.alt": ["Distance of the features of {layer} from those of the untouched photograph", "{layer} 的特徵與原照片特徵的距離", "{layer} 的特征与原照片特征的距离"],
  "invariance.probability": ["Probability of the class", "類別的機率", "类别的概率"],
  "invariance.caption": [
    "Distances are Euclidean, divided by the length of the untouched features, on one scale for each transform. Thin: each of {n} photographs; thick: their mean. The class is the one predicted for each untouched photograph, unless one was named.",
    "歐氏距離，除以原特徵的長度，每種變換共用一個尺度。細線：{n} 張照片各自；粗線：平均。類別是網路對每張原照片的判斷，除非另有指定。",
    "欧氏距离，除以原特征的长度，每种变换共用一个尺度。细线：{n} 张照片各自；粗线：平均。类别是网络对每张原照片的判断，除非另有指定。",
  ],
  "invariance.caption.one": [
    "Distances are Euclidean, divided by the length of the untouched features, on one scale for each transform. The class is the one predicted for the untouched photograph, unless one was named.",
    "歐氏距離，除以原特徵的長度，每種變換共用一個尺度。類別是網路對原照片的判斷，除非另有指定。",
    "欧氏距离，除以原特征的长度，每种变换共用一个尺度。类别是网络对原照片的判断，除非另有指定。",
  ],

  "evolution.caption": [
    "{n} checkpoints in the order of training: the patch, its projection ({rule}) on one scale for the unit, the activation. A bar on the left: another photograph than before.",
    "依訓練順序的 {n} 個檢查點：區塊、它的投影（{rule}，單元共用一個尺度）、活化值。左側的條：與前一個不同的照片。",
    "依训练顺序的 {n} 个检查点：区块、它的投影（{rule}，单元共用一个尺度）、激活值。左侧的条：与前一个不同的照片。",
  ],
  "evolution.patch.alt": ["Patch of unit {unit} at {name}", "單元 {unit} 在 {name} 的區塊", "单元 {unit} 在 {name} 的区块"],
  "evolution.projection.alt": ["Projection of unit {unit} at {name}", "單元 {unit} 在 {name} 的投影", "单元 {unit} 在 {name} 的投影"],

  "ablation.accuracy": ["Accuracy, untouched", "原來的準確率", "原来的准确率"],
  "ablation.loss": ["Loss, untouched", "原來的損失", "原来的损失"],
  "ablation.fill": ["Silenced units give", "靜默的單元給出", "静默的单元给出"],
  "ablation.units": ["Silenced", "靜默的單元", "静默的单元"],
  "ablation.accuracy.lost": ["Accuracy lost", "失去的準確率", "失去的准确率"],
  "ablation.changed": ["Predictions changed", "改變的預測", "改变的预测"],
  "ablation.loss.gained": ["Loss gained", "增加的損失", "增加的损失"],
  "ablation.caption": [
    "Most costly first. Loss is the cross-entropy on the labelled photographs; a bar of the other colour means that the network got better without the unit. ± is the standard error of the difference, photograph by photograph; a bar within two of them is pale.",
    "代價最大的在前。損失是有標籤照片上的交叉熵；另一種顏色的條表示少了這個單元網路反而更好。± 為逐張照片差異的標準誤；在兩倍標準誤以內的條為淡色。",
    "代价最大的在前。损失是有标签照片上的交叉熵；另一种颜色的条表示少了这个单元网络反而更好。± 为逐张照片差异的标准误；在两倍标准误以内的条为淡色。",
  ],

  "comparison.weights": ["Filters, 1 − cosine", "濾波器，1 − 餘弦", "滤波器，1 − 余弦"],
  "comparison.shift": ["Mean moved, σ", "平均移動，σ", "平均移动，σ"],
  "comparison.examples": ["New strongest examples", "新的最強範例", "新的最强示例"],
  "comparison.caption": ["Medians over the units of a layer. σ: standard deviations of the unit over both networks.", "一層中各單元的中位數。σ：單元在兩個網路裡的標準差。", "一层中各单元的中位数。σ：单元在两个网络里的标准差。"],
  "comparison.classes": ["Classes that moved most in {layer}", "在 {layer} 移動最多的類別", "在 {layer} 移动最多的类别"],
  "comparison.most": ["Units of {layer} that changed most", "{layer} 中改變最多的單元", "{layer} 中改变最多的单元"],
  "comparison.preferred": ["Preferred class", "偏好的類別", "偏好的类别"],
} satisfies Entries;
