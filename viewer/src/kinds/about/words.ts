import type { Entries } from "../../i18n/entries";

export const words = {
  "about.version": ["version {n}", "第 {n} 版", "第 {n} 版"],
  "about.seed": ["Seed", "隨機種子", "随机种子"],
  "about.noseed": ["nothing random", "沒有隨機成分", "没有随机成分"],
  "about.libraries": ["Versions", "版本", "版本"],
  "about.created": ["Made", "製作時間", "制作时间"],
  "about.seconds": ["Took", "耗時", "耗时"],
  "about.seconds.value": ["{n} s", "{n} 秒", "{n} 秒"],
  "about.key": ["Key", "鍵", "键"],
  "about.python": ["Again in Python", "用 Python 重做", "用 Python 重做"],
  "about.command": ["Again as a command", "用指令重做", "用命令重做"],
  "about.copy": ["Copy", "複製", "复制"],
  "about.copied": ["Copied", "已複製", "已复制"],
  "about.explain": [
    "Everything needed to make this picture again: the same network, the same picture and the same settings give the same result.",
    "重做這張圖所需的一切：相同的網路、相同的圖片和相同的設定，會得到相同的結果。",
    "重做这张图所需的一切：相同的网络、相同的图片和相同的设置，会得到相同的结果。",
  ],
} satisfies Entries;
