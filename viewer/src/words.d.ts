// Modules made by pieces.ts.
declare module "words-*" {
  const table: import("./i18n/tables").Table;
  export default table;
}
