import { join } from 'node:path'
import { z } from 'zod'

const variables = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  HOST: z.string().default('127.0.0.1'),
  TALLYSTICK_URL: z.url(),
  TALLYSTICK_API_KEY: z.string().min(1),
  TALLYSTICK_DATA: z.string().min(1).default('.tallystick'),
  TALLYSTICK_DEV: z.literal('1').optional(),
  DODO_PAYMENTS_BASE_URL: z.url().optional(),
  DODO_PAYMENTS_WEBHOOK_KEY: z.string().min(1).optional(),
})

export interface Environment {
  port: number
  host: string
  tallystickUrl: string
  apiKey: string
  /** Where the studio keeps its own state: the cookies' secret, and each visitor's pictures. */
  dataFolder: string
  dev: boolean
  dodoUrl: string | undefined
  webhookKey: string | undefined
}

/**
 * Reads what the studio is told by its surroundings.
 *
 * @throws with one line for each variable that is missing or wrong
 */
export function readEnvironment(from: Record<string, string | undefined>): Environment {
  const read = variables.safeParse(from)
  if (!read.success) {
    const lines = read.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
    throw new Error(`The studio cannot start.\n${lines.join('\n')}\n\`npm start\` sets all of them.`)
  }
  const { data } = read
  return {
    port: data.PORT,
    host: data.HOST,
    tallystickUrl: data.TALLYSTICK_URL.replace(/\/+$/, ''),
    apiKey: data.TALLYSTICK_API_KEY,
    dataFolder: join(data.TALLYSTICK_DATA, 'studio'),
    dev: data.TALLYSTICK_DEV === '1',
    dodoUrl: data.DODO_PAYMENTS_BASE_URL,
    webhookKey: data.DODO_PAYMENTS_WEBHOOK_KEY,
  }
}
