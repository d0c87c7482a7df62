import type { Entries } from "../../i18n/entries";

export const words = {
  "overview.data.survey": ["{images} images, {classes} classes", "{images} 張圖片，{classes} 個類別", "{images} 张图片，{classes} 个类别"],
  "overview.data.unlabelled": ["{images} images, no labels", "{images} 張圖片，沒有標籤", "{images} 张图片，没有标签"],
  "overview.survey.one": ["one survey of all units", "一次全部單元的調查", "一次全部单元的调查"],
  "overview.survey.many": ["{n} surveys of all units", "{n} 次全部單元的調查", "{n} 次全部单元的调查"],
  "overview.surveys": ["What the units look for", "單元在找什麼", "单元在找什么"],

  "survey.title": ["Units of {name}", "{name} 的單元", "{name} 的单元"],
  "survey.explain": [
    "A whole set of photographs went through the network once. For every unit of every chosen layer the photographs that drive it most were kept, with numbers of how often and how strongly it answers. Open a layer to see what its units look for: usually edges and colours at first, then textures, then parts of objects.",
    "整組照片通過網路一次。對所選各層的每個單元，留下最能激發它的照片，並記錄它多常、多強地反應。打開一層，就能看到它的單元在找什麼：通常先是邊緣與顏色，接著是紋理，再來是物體的部分。",
    "整组照片通过网络一次。对所选各层的每个单元，留下最能激发它的照片，并记录它多常、多强地响应。打开一层，就能看到它的单元在找什么：通常先是边缘与颜色，接着是纹理，再来是物体的部分。",
  ],
  "survey.dataset": ["Data set", "資料集", "数据集"],
  "survey.classes": ["Classes", "類別", "类别"],
  "survey.unlabelled": ["no labels", "沒有標籤", "没有标签"],
  "survey.kept": ["Strongest kept for each unit", "每個單元保留的最強照片", "每个单元保留的最强照片"],
  "survey.unreadable": ["Unreadable", "無法讀取", "无法读取"],
  "survey.examples": ["With examples", "附範例", "附示例"],
  "survey.layers.hint": ["Open a layer to see its units.", "打開一層來看它的單元。", "打开一层来看它的单元。"],
  "survey.active.head": ["Active at … of all places", "在多少位置有反應", "在多少位置有响应"],
  "survey.active.caption": [
    "Active: the share of all places in all photographs at which a unit is above zero, from none on the left to all on the right. Line: from the quietest to the busiest unit of the layer; box: the middle half; mark: the median. A dash under a fault: it is not looked for in this layer.",
    "反應：所有照片的所有位置中單元高於零的比例，左端為零，右端為全部。線段：從該層最安靜到最活躍的單元；方塊：中間一半；刻度：中位數。問題欄的短線：這一層不檢查這一項。",
    "响应：所有照片的所有位置中单元高于零的比例，左端为零，右端为全部。线段：从该层最安静到最活跃的单元；方块：中间一半；刻度：中位数。问题栏的短线：这一层不检查这一项。",
  ],
  "survey.active.alt": ["Shares from {low} over {middle} to {high}", "比例從 {low}、中位數 {middle} 到 {high}", "比例从 {low}、中位数 {middle} 到 {high}"],
  "survey.notlooked": ["not looked for in this layer", "這一層不檢查這一項", "这一层不检查这一项"],
  "survey.skipped": ["{n} could not be read", "{n} 張無法讀取", "{n} 张无法读取"],
  "survey.others": ["Other surveys in this workspace", "這個工作區的其他調查", "这个工作区的其他调查"],
} satisfies Entries;
