export {
  createTestEngine,
  type TestEngine,
  type TestEngineOptions,
  type TestServer,
} from './create-test-engine.ts'
export type { Duration, TestClock } from './test-clock.ts'
export type { OrderReference, TestPayments } from './test-payments.ts'
