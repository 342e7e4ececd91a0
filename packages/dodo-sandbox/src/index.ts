export type { DodoSandboxOptions, SandboxLog, StartUpWebhook } from './kernel/options.ts'
export { dodoRetryScheduleMs } from './kernel/options.ts'
export { type DodoSandbox, startDodoSandbox } from './start-dodo-sandbox.ts'
export type { Delivery, DeliveryAttempt } from './webhooks/delivery.ts'
