import type { Entries } from "../../i18n/entries";

export const words = {
  "studio.network.none": ["This server was started without a network: results can be looked at, nothing new can be made.", "伺服器啟動時沒有載入網路：可以查看結果，但無法產生新的。", "服务器启动时没有加载网络：可以查看结果，但无法生成新的。"],
  "studio.network.failed": ["The network could not be loaded.", "無法載入網路。", "无法加载网络。"],

  "jobs.network": ["Made by {name}, short work first, in turn for every viewer.", "由 {name} 執行，短的工作優先，每位使用者輪流。", "由 {name} 执行，短的工作优先，每位使用者轮流。"],
  "jobs.active": ["{n} running or waiting", "{n} 項執行中或等待中", "{n} 项运行中或等待中"],
  "jobs.now": ["Running and waiting", "執行中與等待中", "运行中与等待中"],
  "jobs.none": ["Nothing is being made.", "目前沒有正在執行的工作。", "目前没有正在运行的任务。"],
  "jobs.over": ["Finished", "已結束", "已结束"],
  "jobs.explain": [
    "A job is one method applied to one thing with these settings. The same job asked for twice is made once. Jobs survive a restart of the server: what is finished stays, what was interrupted is made again.",
    "一項工作是以這些設定對一個對象使用一種方法。同樣的工作要求兩次只會執行一次。伺服器重新啟動後工作仍在：已完成的保留，被中斷的重新執行。",
    "一项任务是以这些设置对一个对象使用一种方法。同样的任务请求两次只会执行一次。服务器重新启动后任务仍在：已完成的保留，被中断的重新执行。",
  ],
} satisfies Entries;
