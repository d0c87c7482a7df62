// Words around every page.
import type { Entries } from "../i18n/entries";

export const words = {
  "nav.main": ["Pages", "頁面", "页面"],
  "nav.skip": ["Skip to content", "跳到內容", "跳到内容"],
  "settings.language": ["Language", "語言", "语言"],
  "theme.auto": ["Theme: as the system", "主題：依系統設定", "主题：跟随系统"],
  "theme.light": ["Theme: light", "主題：淺色", "主题：浅色"],
  "theme.dark": ["Theme: dark", "主題：深色", "主题：深色"],

  "search.label": ["Search", "搜尋", "搜索"],
  "search.class": ["class", "類別", "类别"],
  "search.hint": ["Search  /", "搜尋 /", "搜索 /"],
  "search.none": ["Nothing has this name.", "沒有符合的名稱。", "没有符合的名称。"],
  "search.layer": ["layer", "層", "层"],
  "search.unit": ["unit", "單元", "单元"],
  "search.photograph": ["photograph", "照片", "照片"],
  "search.data": ["file", "檔案", "文件"],

  "studio.close": ["Close", "關閉", "关闭"],
  "studio.lost": ["The server does not answer; trying again…", "伺服器沒有回應，正在重試……", "服务器没有响应，正在重试……"],
  "drop.here": ["Drop the picture to show it to the network", "放開滑鼠，讓網路看這張圖片", "松开鼠标，让网络看这张图片"],
  "drop.busy": ["The network is looking at it…", "網路正在看這張圖片……", "网络正在看这张图片……"],
  "drop.none": ["This file is not a picture.", "這不是圖片。", "这不是图片。"],
  "keys.title": ["Keys", "快捷鍵", "快捷键"],
  "keys.search": ["search", "搜尋", "搜索"],
  "keys.beside": ["the photograph or unit before and after", "上一個與下一個照片或單元", "上一个与下一个照片或单元"],
  "keys.undo": ["take back the last stroke", "復原上一筆", "撤销上一笔"],
  "keys.close": ["close", "關閉", "关闭"],
  "keys.this": ["this list", "這份清單", "这份清单"],
  "keys.copy": ["Copy this page's link", "複製這一頁的連結", "复制这一页的链接"],
} satisfies Entries;
