// Words of the survey pages, the three languages side by side.
export const survey = {
  en: {},
  "zh-Hant": {},
  "zh-Hans": {},
} as const;
