import type { Entries } from "../../i18n/entries";

export const words = {
  "nav.memory": ["Memory", "記憶", "记忆"],

  "memory.lead": ["95 % of what decides an output lies in the last {reach} steps", "決定輸出的因素有 95 % 在最近 {reach} 步之內", "决定输出的因素有 95 % 在最近 {reach} 步之内"],
  "memory.explain": [
    "A gate near 0 or 1 is a switch; one in between mixes. A forget gate that is always open keeps what the cell holds; its half-life says for how many steps. The matrix says how strongly the output of each step depends on each earlier input, by the size of the derivative: small values far from the diagonal mean that the past is forgotten, and that gradients vanish in training.",
    "接近 0 或 1 的閘是開關，介於其間的閘則在混合。總是開著的遺忘閘會保留細胞的內容，半衰期說明能保留多少步。矩陣以導數的大小說明每一步的輸出有多依賴先前的每個輸入：遠離對角線處的值很小，表示過去已被遺忘，訓練時梯度也會消失。",
    "接近 0 或 1 的门是开关，介于其间的门则在混合。总是开着的遗忘门会保留细胞的内容，半衰期说明能保留多少步。矩阵以导数的大小说明每一步的输出有多依赖先前的每个输入：远离对角线处的值很小，表示过去已被遗忘，训练时梯度也会消失。",
  ],
  "memory.reach": ["Effective memory", "有效記憶", "有效记忆"],
  "memory.reach.value": ["{n} steps hold 95 %", "{n} 步涵蓋 95 %", "{n} 步涵盖 95 %"],
  "memory.factor": ["From one step back to the next the influence is multiplied by", "每往前一步，影響乘以", "每往前一步，影响乘以"],
  "memory.half": ["Half-lives in {layer}", "{layer} 的半衰期", "{layer} 的半衰期"],
  "memory.half.value": ["median {middle}, longest {longest} steps", "中位數 {middle} 步，最長 {longest} 步", "中位数 {middle} 步，最长 {longest} 步"],
  "memory.gates": ["Gates", "閘", "门"],
  "memory.gates.caption": [
    "Each dot is a unit: across, the share of steps in which its gate is above {high} (open); up, the share in which it is below {low} (shut). Dots near the slanted line are always one or the other. Half-lives: steps until a cell has lost half of what it held, from the shortest to the longest, logarithmic.",
    "每個點是一個單元：橫軸為閘高於 {high}（開）的步數比例，縱軸為低於 {low}（關）的比例。靠近斜線的點總是非開即關。半衰期：細胞失去一半內容所需的步數，由短到長，對數刻度。",
    "每个点是一个单元：横轴为门高于 {high}（开）的步数比例，纵轴为低于 {low}（关）的比例。靠近斜线的点总是非开即关。半衰期：细胞失去一半内容所需的步数，由短到长，对数刻度。",
  ],
  "memory.gate": ["gate {gate}", "閘 {gate}", "门 {gate}"],
  "memory.gate.alt": ["Gate {gate}: share of steps open and shut, a dot a unit", "閘 {gate}：各單元開與關的步數比例", "门 {gate}：各单元开与关的步数比例"],
  "memory.gate.unit": ["unit {unit}: shut {shut}, open {opened}", "單元 {unit}：關 {shut}，開 {opened}", "单元 {unit}：关 {shut}，开 {opened}"],
  "memory.open": ["share of steps open (> {high})", "開的比例（> {high}）", "开的比例（> {high}）"],
  "memory.shut": ["share of steps shut (< {low})", "關的比例（< {low}）", "关的比例（< {low}）"],
  "memory.lives": ["half-life, steps", "半衰期（步）", "半衰期（步）"],
  "memory.lives.alt": ["Half-lives of the units, from {low} to {high} steps", "各單元的半衰期，從 {low} 到 {high} 步", "各单元的半衰期，从 {low} 到 {high} 步"],
  "memory.lives.units": ["{n} units, shortest to longest", "{n} 個單元，由短到長", "{n} 个单元，由短到长"],
  "memory.influence": ["How far back an output depends on its input", "輸出依賴多久以前的輸入", "输出依赖多久以前的输入"],
  "memory.influence.caption": [
    "The size of the derivative of each step's largest output by what the first recurrent layer reads at each step, averaged over sequences. Nothing lies above the diagonal of a network that reads forwards.",
    "每一步最大輸出對第一個循環層在各步讀入內容的導數大小，對多個序列取平均。只向前讀的網路在對角線上方沒有值。",
    "每一步最大输出对第一个循环层在各步读入内容的导数大小，对多个序列取平均。只向前读的网络在对角线上方没有值。",
  ],
  "memory.matrix": ["Outputs down, inputs across.", "縱向為輸出，橫向為輸入。", "纵向为输出，横向为输入。"],
  "memory.matrix.alt": ["Influence of {n} inputs on {n} outputs", "{n} 個輸入對 {n} 個輸出的影響", "{n} 个输入对 {n} 个输出的影响"],
  "memory.decay": ["Mean influence by steps back, logarithmic; the upright line marks the effective memory.", "依往前步數的平均影響，對數刻度；直線標出有效記憶。", "按往前步数的平均影响，对数刻度；竖线标出有效记忆。"],
  "memory.decay.alt": ["Influence by steps back, from {first} to {last}", "依往前步數的影響，從 {first} 到 {last}", "按往前步数的影响，从 {first} 到 {last}"],
  "memory.lag": ["{n} steps back", "往前 {n} 步", "往前 {n} 步"],
} satisfies Entries;
