// Words of the spaces pages, the three languages side by side.
export const spaces = {
  en: {},
  "zh-Hant": {},
  "zh-Hans": {},
} as const;
