// Words of the studio pages, the three languages side by side.
export const studio = {
  en: {},
  "zh-Hant": {},
  "zh-Hans": {},
} as const;
