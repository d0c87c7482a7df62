// Words of the sequences pages, the three languages side by side.
export const sequences = {
  en: {},
  "zh-Hant": {},
  "zh-Hans": {},
} as const;
