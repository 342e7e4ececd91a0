export type { Catalog } from './catalog/catalog.ts'
export { CatalogError, type CatalogProblem, checkCatalog } from './catalog/check-catalog.ts'
export {
  type ActionDefinition,
  type CatalogDefinition,
  chosen,
  defineCatalog,
  eur,
  money,
  type PackDefinition,
  pack,
  type UnitDefinition,
  usd,
  type WelcomeDefinition,
} from './catalog/define-catalog.ts'
export { loadCatalog } from './catalog/load-catalog.ts'
export { createEngine, type Engine, type EngineOptions } from './engine.ts'
export { type Credits, creditsFromDecimal, decimalFromCredits } from './kernel/credits.ts'
export { Fault, Refusal } from './kernel/refusal.ts'
export { createLogger, type Log, type LogLevel } from './observability/logger.ts'
export { type DodoOptions } from './providers/dodo/dodo-provider.ts'
export { dodoSettingsFrom } from './providers/dodo/dodo-settings.ts'
export { createServer, type Server, type ServerOptions } from './server.ts'
