import type { Entries } from "../../i18n/entries";

export const words = {
  "survey.unit.explain": [
    "What this one unit looks for, shown by the photographs of the data set that drive it most. Compare the patches with the projections: what both show is what the unit answers to. The numbers on the side say how often and how strongly it answers, and for which classes.",
    "這個單元在找什麼，由資料集裡最能激發它的照片來說明。比較區塊與投影：兩者都呈現的，就是單元所回應的東西。旁邊的數字說明它多常、多強地反應，以及對哪些類別。",
    "这个单元在找什么，由数据集里最能激发它的照片来说明。比较区块与投影：两者都呈现的，就是单元所响应的东西。旁边的数字说明它多常、多强地响应，以及对哪些类别。",
  ],
  "survey.strongest": ["The {n} strongest photographs", "最強的 {n} 張照片", "最强的 {n} 张照片"],
  "survey.triple.caption": [
    "From the left: the patch that the unit saw, what in it drove the unit sent back to the pixels ({rule}), the whole photograph with the patch framed; even grey in a patch lies outside the picture. Below: the activation and the photograph.",
    "由左至右：單元看到的區塊；其中激發單元的部分，送回像素（{rule}）；整張照片，區塊以方框標出；區塊裡均勻的灰色在照片之外。下方：活化值與照片。",
    "由左至右：单元看到的区块；其中激发单元的部分，送回像素（{rule}）；整张照片，区块以方框标出；区块里均匀的灰色在照片之外。下方：激活值与照片。",
  ],
  "survey.triple.none": ["No examples were made for this unit; to make them: {command}", "這個單元還沒有範例；做法：{command}", "这个单元还没有示例；做法：{command}"],
  "survey.maximum": ["Largest activation", "最大活化值", "最大激活值"],
  "survey.minimum": ["Smallest", "最小", "最小"],
  "survey.mean": ["Mean", "平均", "平均"],
  "survey.mean.value": ["{mean}, standard deviation {deviation}", "{mean}，標準差 {deviation}", "{mean}，标准差 {deviation}"],
  "survey.share.images": ["Photographs with any activation", "有反應的照片", "有响应的照片"],
  "survey.share.active": ["Places above zero", "高於零的位置", "高于零的位置"],
  "survey.broken": ["Photographs with values that are not finite", "含有非有限值的照片", "含有非有限值的照片"],
  "survey.histogram": ["How strongly it answers", "反應有多強", "响应有多强"],
  "survey.histogram.silent": ["not above zero", "不高於零", "不高于零"],
  "survey.histogram.alt": [
    "{silent} of {total} photographs not above zero, the others' largest activations between {low} and {high}",
    "{total} 張照片中有 {silent} 張不高於零，其餘的最大活化值介於 {low} 與 {high} 之間",
    "{total} 张照片中有 {silent} 张不高于零，其余的最大激活值介于 {low} 与 {high} 之间",
  ],
  "survey.histogram.caption": [
    "{total} photographs by their largest activation, in half octaves; left, apart: not above zero. The highest bar is {most}.",
    "{total} 張照片依最大活化值分組，每組半個八度；左側分開的一條：不高於零。最高的一條是 {most}。",
    "{total} 张照片依最大激活值分组，每组半个八度；左侧分开的一条：不高于零。最高的一条是 {most}。",
  ],
  "survey.prefers": ["Classes that it prefers", "偏好的類別", "偏好的类别"],
  "survey.prefers.caption": [
    "How far the mean activation over a class's photographs lies above the mean over all, in standard deviations of the unit; in brackets the photographs of the class. Few photographs make it uncertain.",
    "某類別照片的平均活化值高於全體平均多少，以單元的標準差計；括號內是該類別的照片數。照片少時不確定。",
    "某类别照片的平均激活值高于全体平均多少，以单元的标准差计；括号内是该类别的照片数。照片少时不确定。",
  ],
  "survey.feeds": ["Classes whose score it raises", "提高哪些類別的分數", "提高哪些类别的分数"],
  "survey.feeds.caption": [
    "What the unit adds to a class's logit on its own strongest photographs: gradient times activation, to first order what the logit would lose without it. Among the five most probable classes of each.",
    "單元在自己最強的照片上為類別的未正規化分數增加多少：梯度乘活化值，即少了它大約會失去的量。只計每張照片最可能的五個類別。",
    "单元在自己最强的照片上为类别的未归一化分数增加多少：梯度乘激活值，即少了它大约会失去的量。只计每张照片最可能的五个类别。",
  ],
  "survey.together": ["Units that are active together", "一起反應的單元", "一起响应的单元"],
  "survey.together.caption": [
    "Units of the same layer whose largest activations rise and fall in the same photographs: r is the correlation of the half octaves over all photographs.",
    "同一層中最大活化值在相同照片裡一起升降的單元：r 是全部照片上半個八度的相關係數。",
    "同一层中最大激活值在相同照片里一起升降的单元：r 是全部照片上半个八度的相关系数。",
  ],
  "survey.made": ["Pattern made for this unit", "為這個單元畫出的圖樣", "为这个单元画出的图样"],
  "survey.made.command": ["None is in this workspace. This makes one:", "這個工作區還沒有。這樣就能畫出：", "这个工作区还没有。这样就能画出："],
} satisfies Entries;
